/** One image of a sheet that the engine drew. */
import type { SentImages } from "../data/use-drawing.ts";

interface Props {
  readonly images: SentImages;
  readonly index: number;
  /** What it shows; empty for an image whose text stands next to it. */
  readonly name: string;
}

export function Tile({ images: { png, columns, count, side, height }, index, name }: Props) {
  const rows = Math.ceil(count / columns);
  const share = (place: number, all: number): string => (all < 2 ? "0%" : `${(100 * place) / (all - 1)}%`);
  const style = {
    aspectRatio: `${side} / ${height}`,
    backgroundImage: `url("data:image/png;base64,${png}")`,
    backgroundSize: `${100 * columns}% ${100 * rows}%`,
    backgroundPosition: `${share(index % columns, columns)} ${share(Math.floor(index / columns), rows)}`,
  };
  return name === "" ? (
    <span class="tile" style={style} />
  ) : (
    <span class="tile" role="img" aria-label={name} style={style} />
  );
}

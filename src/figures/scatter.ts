/** Generated points of the plane over real ones, with axes: what a generator of vectors has learned. */
import { FONT } from "./fonts.ts";
import { type Frame, frameAround, frameOfModes, type Modes, modeCircles } from "./panels.ts";
import { roundNumbers } from "./round-numbers.ts";
import { escapeXml } from "./xml.ts";

type Points = readonly (readonly number[])[];

/** What {@link scatter} draws. */
export interface ScatterOptions {
  /** [x, y] each. */
  readonly generated: Points;
  /** Samples of the data, drawn below. Default: none. */
  readonly real?: Points | undefined;
  /** The true modes: each is drawn as a circle of 4 sigma, and the picture shows all of them. Default: none. */
  readonly mixture?: Modes | undefined;
  /** What the axes show. */
  readonly axes: readonly [x: string, y: string];
}

const SIDE = 480;
const MARGIN = { left: 58, top: 30, right: 14, bottom: 42 };
const REAL = "#8a8a8a";
const GENERATED = "#1f4e8c";

/** The square that is shown: that of the modes, or of the real points, or else of the generated ones. */
function frameOf({ generated, real = [], mixture }: ScatterOptions): Frame {
  if (mixture !== undefined) return frameOfModes(mixture);
  const finite = (points: Points): Points => points.filter((point) => point.every(Number.isFinite));
  const shown = [finite(real), finite(generated), [[0, 0]]].find((points) => points.length > 0)!;
  const bare = frameAround(shown, 0);
  return frameAround(shown, Math.max(bare.size * 0.15, 1e-6));
}

/**
 * A scatter plot on white, as an SVG document. Generated points outside the frame are left out, and their number stands
 * in the corner.
 *
 * @example
 * writeFileSync("samples.svg", scatter({ generated: [[0, 0]], real: [[0, 0.1], [1, 1]], axes: ["x1", "x2"] }));
 */
export function scatter(options: ScatterOptions): string {
  const { generated, real = [], mixture, axes } = options;
  const frame = frameOf(options);
  const scale = SIDE / frame.size;
  const place = ([x, y]: readonly number[]): readonly [number, number] => [
    (x! - frame.x) * scale,
    SIDE - (y! - frame.y) * scale,
  ];
  const inside = (points: Points): (readonly [number, number])[] =>
    points.map(place).filter(([x, y]) => x >= 0 && x <= SIDE && y >= 0 && y <= SIDE);
  // One path for all dots: a round cap on a line of no length.
  const dots = (
    points: readonly (readonly [number, number])[],
    colour: string,
    size: number,
    opacity: number,
  ): string =>
    `<path d="${points.map(([x, y]) => `M${x.toFixed(1)} ${y.toFixed(1)}h0`).join("")}" stroke="${colour}" stroke-opacity="${opacity}" stroke-width="${size}" stroke-linecap="round" fill="none"/>`;
  const shown = inside(generated);
  const outside = generated.length - shown.length;
  const parts = [
    ...ticks(frame, scale),
    dots(inside(real), REAL, 2.4, 0.7),
    mixture === undefined ? "" : modeCircles(mixture, frame, SIDE),
    dots(shown, GENERATED, 3, 0.45),
    `<rect width="${SIDE}" height="${SIDE}" fill="none" stroke="#bbbbbb"/>`,
    text(SIDE / 2, SIDE + 36, "middle", axes[0]),
    `<g transform="translate(-42 ${SIDE / 2}) rotate(-90)">${text(0, 0, "middle", axes[1])}</g>`,
    ...legend([
      ...(real.length > 0 ? [{ colour: REAL, words: `real (${real.length})` }] : []),
      { colour: GENERATED, words: `generated (${generated.length})` },
    ]),
    outside > 0 ? text(SIDE - 4, SIDE - 6, "end", `${outside} outside`) : "",
  ];
  const [width, height] = [SIDE + MARGIN.left + MARGIN.right, SIDE + MARGIN.top + MARGIN.bottom];
  const size = `width="${width}" height="${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="12"><rect ${size} fill="#ffffff"/><g transform="translate(${MARGIN.left} ${MARGIN.top})">${parts.join("")}</g></svg>`;
}

function ticks(frame: Frame, scale: number): string[] {
  const line = (x: number, y: number, dx: number, dy: number): string =>
    `<path d="M${x.toFixed(1)} ${y.toFixed(1)}l${dx} ${dy}" stroke="#e6e6e6"/>`;
  return [
    ...roundNumbers(frame.x, frame.x + frame.size).flatMap((value) => {
      const x = (value - frame.x) * scale;
      return [line(x, 0, 0, SIDE), text(x, SIDE + 16, "middle", String(value))];
    }),
    ...roundNumbers(frame.y, frame.y + frame.size).flatMap((value) => {
      const y = SIDE - (value - frame.y) * scale;
      return [line(0, y, SIDE, 0), text(-6, y + 4, "end", String(value))];
    }),
  ];
}

function legend(entries: readonly { colour: string; words: string }[]): string[] {
  return entries.map(({ colour, words }, i) => {
    const x = i * 150;
    return `<circle cx="${x + 5}" cy="-12" r="4" fill="${colour}"/>${text(x + 14, -8, "start", words)}`;
  });
}

function text(x: number, y: number, anchor: "start" | "middle" | "end", words: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" stroke="#ffffff" stroke-width="3" paint-order="stroke">${escapeXml(words)}</text>`;
}

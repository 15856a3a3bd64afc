/** The picture at one position of a path, enlarged without mixing pixels. */
import type { PathView } from "./between.ts";
import { element } from "./dom.ts";
import { download, type ImageShape, pixelsOf, show } from "./picture.ts";

/** For a generator of images. */
export function oneImage(shape: ImageShape): PathView {
  const canvas = element("canvas", { class: "large pixels", role: "img", "aria-label": "The sample at this position" });
  return {
    canvas,
    positions: (t) => [t],
    show: (values) => show(canvas, pixelsOf(values, 0, shape)),
    save: (name) => download(canvas, name),
  };
}

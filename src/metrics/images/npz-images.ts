/** The images of an .npz file, as other tools keep their samples: uint8 [N, H, W, C] under `arr_0`, read batch by batch. */
import { UserError } from "../../base/errors.ts";
import { type Layout, layoutOf, type Scale, scaleOf } from "../../data/index.ts";
import { type Npz, openNpz } from "../../formats/index.ts";
import { keep, scope, Tensor } from "../../tensor/index.ts";
import { BYTES } from "../evaluation.ts";
import type { ImageSet } from "./image-set.ts";

/** The array that holds the images: the only one that can. One that can, but has a type or form that is not read, is another. */
function imagesOf(npz: Npz): string {
  const likely = [...npz.arrays].filter(([, { shape }]) => shape.length >= 3);
  const fitting = likely.filter(([, form]) => typeof layoutOf(form, npz.arrays) === "string");
  if (fitting.length === 1 && likely.length === 1 && npz.refused.size === 0) return fitting[0]![0];
  const readable = [...npz.arrays].map(([name, { dtype, shape }]) => `${name} is ${dtype} [${shape.join(", ")}]`);
  const found = [...readable, ...npz.refused.values()];
  const problem =
    fitting.length === 0
      ? "no array of images"
      : fitting.length > 1
        ? `${fitting.length} arrays that could be the images`
        : "more than the array that could be the images";
  const [, only] = likely.length === 1 && fitting.length === 0 ? likely[0]! : [];
  const layout = only && layoutOf(only, npz.arrays);
  if (typeof layout === "object" && layout.ambiguous) {
    throw new UserError(`${npz.path}: array ${likely[0]![0]}: ${layout.reason}`);
  }
  throw new UserError(
    `${npz.path}: it holds ${problem} (${found.join("; ")}); expected one of uint8, float32 or float64, and of [N, H, W, 3], [N, H, W, 1], [N, H, W] or [N, 3, H, W]`,
  );
}

/** An open .npz file of images. */
export interface NpzImages {
  readonly images: ImageSet;
  /** What became of their values, as a protocol says it. */
  readonly quantiser: string;
  close(): Promise<void>;
}

/**
 * Opens the images of an .npz file; `close` ends it. Floats are read through once, to see their range: all in [0, 1] they
 * become round(255 x), all in [-1, 1] round(127.5 (x + 1)).
 *
 * @throws UserError when the file is damaged or does not hold exactly one array of images, for floats in another range or
 * NaN, and for bytes of which none exceeds 15.
 *
 * @example
 * const { images, close } = await npzImages("samples_50000x64x64x3.npz");
 */
export async function npzImages(path: string): Promise<NpzImages> {
  const npz = await openNpz(path);
  try {
    const name = imagesOf(npz);
    const form = npz.arrays.get(name)!;
    const layout = layoutOf(form, npz.arrays) as Layout;
    const [count, ...rest] = form.shape as [number, ...number[]];
    const [height, width] = (layout === "NCHW" ? rest.slice(1) : rest) as [number, number];
    const channels = layout === "NHW" ? 1 : layout === "NHWC" ? rest[2]! : rest[0]!;
    const isFloat = form.dtype !== "uint8";
    const scale = await scaleOf(npz, { name, form }, path);
    const rowsOf = (begin: number, end: number): Promise<Tensor> =>
      isFloat ? levels(npz, name, scale, begin, end) : npz.rows(name, begin, end);
    const images: ImageSet = {
      name: path,
      count,
      channels,
      height,
      width,
      async *batches(size) {
        for (let begin = 0; begin < count; begin += size) {
          const rows = await rowsOf(begin, Math.min(begin + size, count));
          if (layout === "NCHW") yield rows;
          else {
            yield scope(() =>
              keep((layout === "NHW" ? rows.unsqueeze(1) : rows.permute([0, 3, 1, 2])).contiguous().clone()),
            );
            rows.dispose();
          }
        }
      },
    };
    return { images, quantiser: isFloat ? scale.note : BYTES, close: () => npz.close() };
  } catch (error) {
    await npz.close();
    throw error;
  }
}

/** Rows of floats as bytes. */
async function levels(npz: Npz, name: string, { level }: Scale, begin: number, end: number): Promise<Tensor> {
  const values = (await npz.numbers(name, begin, end)) as Float32Array | Float64Array;
  const bytes = Uint8Array.from(values, level);
  return Tensor.fromArray(bytes, [end - begin, ...npz.arrays.get(name)!.shape.slice(1)]);
}

/** The images of an .npz file, as other tools keep their samples: uint8 [N, H, W, C] under `arr_0`, read batch by batch. */
import { UserError } from "../../base/errors.ts";
import { type Npz, openNpz } from "../../formats/index.ts";
import { keep, scope } from "../../tensor/index.ts";
import type { ImageSet } from "./image-set.ts";

/** Where the dimensions of an array of images lie; undefined when it is none. */
function layoutOf(shape: readonly number[]): "NHW" | "NHWC" | "NCHW" | undefined {
  const isChannels = (dimension: number | undefined) => dimension === 1 || dimension === 3;
  if (shape.length === 3) return "NHW";
  if (shape.length !== 4) return undefined;
  if (isChannels(shape[3])) return "NHWC";
  return isChannels(shape[1]) ? "NCHW" : undefined;
}

/** The array that holds the images: the only one that can. */
function imagesOf(npz: Npz): string {
  const fitting = [...npz.arrays].filter(([, { dtype, shape }]) => dtype === "uint8" && layoutOf(shape));
  if (fitting.length === 1) return fitting[0]![0];
  const readable = [...npz.arrays].map(([name, { dtype, shape }]) => `${name} is ${dtype} [${shape.join(", ")}]`);
  const found = [...readable, ...npz.refused.values()];
  const problem = fitting.length === 0 ? "no array of images" : `${fitting.length} arrays that could be the images`;
  throw new UserError(
    `${npz.path}: it holds ${problem} (${found.join("; ")}); expected one of uint8 [N, H, W, 3], [N, H, W, 1], [N, H, W] or [N, 3, H, W]`,
  );
}

/**
 * Opens the images of an .npz file; `close` ends it.
 *
 * @throws UserError when the file is damaged or does not hold exactly one array of images as bytes.
 *
 * @example
 * const { images, close } = await npzImages("samples_50000x64x64x3.npz");
 */
export async function npzImages(path: string): Promise<{ images: ImageSet; close(): Promise<void> }> {
  const npz = await openNpz(path);
  try {
    const name = imagesOf(npz);
    const { shape } = npz.arrays.get(name)!;
    const layout = layoutOf(shape)!;
    const [count, ...rest] = shape as [number, ...number[]];
    if (count === 0) throw new UserError(`${path}: array ${name} holds no images`);
    const [height, width] = (layout === "NCHW" ? rest.slice(1) : rest) as [number, number];
    const channels = layout === "NHW" ? 1 : layout === "NHWC" ? rest[2]! : rest[0]!;
    const images: ImageSet = {
      name: path,
      count,
      channels,
      height,
      width,
      async *batches(size) {
        for (let begin = 0; begin < count; begin += size) {
          const rows = await npz.rows(name, begin, Math.min(begin + size, count));
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
    return { images, close: () => npz.close() };
  } catch (error) {
    await npz.close();
    throw error;
  }
}

/** The images of the data nearest to some samples, pixel by pixel: they show whether a generator copies its data. */
import { counted } from "../../base/counted.ts";
import { UserError } from "../../base/errors.ts";
import { sidesOf } from "../../base/image-size.ts";
import type { Dataset } from "../../data/index.ts";
import type { PixelBatch } from "../../formats/index.ts";
import { noGradScope, scope, Tensor } from "../../tensor/index.ts";

/** One of the data's images. */
export interface NearImage {
  /** Its number in the data. */
  readonly index: number;
  /** Its class's number; 0 where the data has none. */
  readonly label: number;
  /** Euclidean distance over all pixels and channels, of values in [-1, 1]. */
  readonly distance: number;
}

/** Real images that are compared at once, at most. */
const CHUNK = 2048;
/** Most bytes of these images as float64, so large images are compared in small groups. */
const CHUNK_BYTES = 2 ** 26;
const DOUBLE_BYTES = 8;
/** Bytes to a unit of [-1, 1]. */
const UNIT = 127.5;

/**
 * The `k` nearest images of a dataset for each sample, nearest first. Both sides are bytes, whose squared distances are
 * whole numbers: a copy has distance 0. Mirror images are not compared. Of images equally near, any may be returned.
 *
 * @throws UserError when sizes differ or the data has fewer images.
 */
export function nearestImages(
  samples: PixelBatch,
  dataset: Pick<Dataset, "images" | "labels" | "count" | "channels" | "size" | "name">,
  k: number,
): NearImage[][] {
  const { count, channels, height, width } = samples;
  const real = sidesOf(dataset.size);
  if (channels !== dataset.channels || height !== real.height || width !== real.width) {
    throw new UserError(
      `the samples are ${channels} x ${height} x ${width}, and the images of ${dataset.name} ${dataset.channels} x ${real.height} x ${real.width}`,
    );
  }
  if (dataset.count < k)
    throw new UserError(
      `${dataset.name} has ${counted(dataset.count, "image")}, fewer than ${counted(k, "neighbour")}`,
    );
  const found: { index: number; squared: number }[][] = Array.from({ length: count }, () => []);
  noGradScope(() => {
    const length = channels * height * width;
    const chunk = Math.max(1, Math.min(CHUNK, Math.floor(CHUNK_BYTES / (length * DOUBLE_BYTES))));
    const queries = Tensor.fromArray(samples.pixels, [count, length]).double();
    const lengths = queries.square().sum([1]).unsqueeze(1);
    for (let start = 0; start < dataset.count; start += chunk) {
      scope(() => {
        const size = Math.min(chunk, dataset.count - start);
        const images = dataset.images.narrow(0, start, size).flatten(1).double();
        const products = queries.mm(images.transpose(0, 1));
        const squared = products
          .mul_(-2)
          .add_(lengths)
          .add_(images.square().sum([1]));
        const most = Math.min(k, size);
        const [values, places] = squared.topk(most, 1, false, true).map((tensor) => tensor.toArray());
        for (const [row, best] of found.entries()) {
          for (let i = row * most; i < (row + 1) * most; i++) {
            best.push({ index: start + Number(places![i]), squared: Number(values![i]) });
          }
          best.sort((a, b) => a.squared - b.squared || a.index - b.index);
          best.length = Math.min(k, best.length);
        }
      });
    }
  });
  // Of data with conditions the labels are these.
  const labels = dataset.labels.ndim === 1 ? (dataset.labels.toArray() as BigInt64Array) : undefined;
  return found.map((best) =>
    best.map(({ index, squared }) => ({
      index,
      label: Number(labels?.[index] ?? 0),
      distance: Math.sqrt(squared) / UNIT,
    })),
  );
}

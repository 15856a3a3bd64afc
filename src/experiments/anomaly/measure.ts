/** Anomaly scores of test images by a trained GAN, and how well each tells the digit that was left out. */
import { mnist } from "../../data/index.ts";
import { frozenStatistics } from "../../nn/index.ts";
import { Generator, inferenceMode, scope, Tensor } from "../../tensor/index.ts";
import type { BuiltGan } from "../../training/index.ts";
import { auroc, averagePrecision, scaledRanks } from "./detection.ts";
import { type LatentSearchOptions, searchLatents } from "./latent-search.ts";

/** The areas under both curves; see {@link auroc} and {@link averagePrecision}. */
export interface Areas {
  readonly auroc: number;
  readonly auprc: number;
}

/**
 * - `discriminator`: minus the realness of D(x)
 * - `search`: the residual that latent search leaves (AnoGAN)
 * - `mix`: the mean of the ranks of both among the images scored; it uses the other test images, but no label of theirs
 * - `discriminatorAll`: as `discriminator`, on the whole test split, of which about a tenth are anomalies
 */
export const METHODS = ["discriminator", "search", "mix", "discriminatorAll"] as const;

/** One of {@link METHODS}. */
export type Method = (typeof METHODS)[number];

/** Test images with their truth. */
export interface TestImages {
  /** float32 [N, 1, 32, 32] in [-1, 1]. */
  readonly images: Tensor;
  readonly anomalous: readonly boolean[];
}

/** Images that D judges at a time: bounds the memory. */
const CHUNK = 500;

/** Bytes to what the networks see: bytes / 127.5 - 1. */
const floats = (bytes: Tensor): Tensor => bytes.to({ dtype: "float32" }).div(127.5).sub(1);

/**
 * The test split, and the subset that is searched: half of it of the digit, half of the others, the first that an order
 * fixed for good gives. Half and half, so that chance has an AUPRC of 0.5. The caller disposes of both.
 */
export async function testImages(digit: number, subset: number): Promise<{ all: TestImages; subset: TestImages }> {
  const dataset = await mnist({ split: "test", size: 32 }).build({});
  return scope(() => {
    const anomalous = Array.from(dataset.labels.toArray(), Number).map((label) => label === digit);
    const order = Array.from(Tensor.randperm(dataset.count, { generator: new Generator(0) }).toArray(), Number);
    const half = (wanted: boolean) => order.filter((row) => anomalous[row] === wanted).slice(0, subset / 2);
    const rows = [...half(true), ...half(false)];
    const chosen = dataset.images.indexSelect(0, Tensor.fromArray(BigInt64Array.from(rows, BigInt)));
    return {
      all: { images: floats(dataset.images), anomalous },
      subset: { images: floats(chosen), anomalous: rows.map((row) => anomalous[row]!) },
    };
  });
}

/** Minus the realness of each image, in evaluation mode. */
function discriminatorScores({ discriminator, loss }: BuiltGan, images: Tensor): number[] {
  const scores: number[] = [];
  discriminator.eval();
  try {
    for (let start = 0; start < images.shape[0]!; start += CHUNK) {
      const part = images.narrow(0, start, Math.min(CHUNK, images.shape[0]! - start));
      scope(() => {
        const score = inferenceMode(() => frozenStatistics(() => discriminator.forward(part).score));
        for (const value of loss.realness(score).toArray()) scores.push(-Number(value));
      });
    }
    return scores;
  } finally {
    discriminator.train();
  }
}

const areas = (scores: readonly number[], anomalous: readonly boolean[]): Areas => ({
  auroc: auroc(scores, anomalous),
  auprc: averagePrecision(scores, anomalous),
});

/**
 * Measures a trained game on test images.
 *
 * @throws UserError when a subset is without anomalies or without normal images, or a score is not a number.
 */
export function detect(
  gan: BuiltGan,
  { all, subset }: { readonly all: TestImages; readonly subset: TestImages },
  search: LatentSearchOptions,
): Record<Method, Areas> {
  const judged = discriminatorScores(gan, subset.images);
  const { total } = searchLatents(gan, subset.images, search);
  const ranks = [scaledRanks(judged), scaledRanks(total)] as const;
  return {
    discriminator: areas(judged, subset.anomalous),
    search: areas(total, subset.anomalous),
    mix: areas(
      ranks[0].map((rank, i) => (rank + ranks[1][i]!) / 2),
      subset.anomalous,
    ),
    discriminatorAll: areas(discriminatorScores(gan, all.images), all.anomalous),
  };
}

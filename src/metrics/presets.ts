/**
 * Presets: the protocols under which published numbers were measured, by name.
 *
 * A preset fixes metrics with their options, counts and the resizer. The feature network stays free: with a built-in
 * classifier the same protocol gives scores of other names.
 */
import { suggestion, UserError } from "../base/errors.ts";
import type { InceptionResizer } from "./features/inception.ts";
import type { MetricDescriptor } from "./metric.ts";
import { densityCoverage } from "./scores/density-coverage.ts";
import { fid } from "./scores/fid.ts";
import { inceptionScore } from "./scores/inception-score.ts";
import { kid } from "./scores/kid.ts";
import { precisionRecall } from "./scores/precision-recall.ts";

/** What a preset fixes. */
export interface Preset {
  readonly summary: string;
  readonly metrics: readonly MetricDescriptor[];
  readonly resizer: InceptionResizer;
  /** Number of generated images; `real`: as many as there are real ones. */
  readonly fakeCount: number | "real";
  /** Most real images that are used; undefined for all. */
  readonly realCount: number | undefined;
  /** The split of the real images, where none is named; undefined for that of the run's own data. */
  readonly realSplit?: string | undefined;
}

/** The presets by name. Real images are those of the run's own split unless the preset or the user names another. */
export const presets: Readonly<Record<string, Preset>> = {
  quick: {
    summary: "FID and Inception Score from 10,000 samples, all real images",
    metrics: [fid(), inceptionScore()],
    resizer: "tf1-bilinear",
    fakeCount: 10_000,
    realCount: undefined,
  },
  "paper-2016": {
    summary: "Inception Score of 50,000 samples in 10 splits (Salimans et al. 2016)",
    metrics: [inceptionScore({ splits: 10 })],
    resizer: "tf1-bilinear",
    fakeCount: 50_000,
    realCount: undefined,
  },
  "fid-50k-train": {
    summary: "FID of 50,000 samples against the whole training split",
    metrics: [fid()],
    resizer: "tf1-bilinear",
    fakeCount: 50_000,
    realCount: undefined,
  },
  mimicry: {
    summary: "FID 50,000/50,000, Inception Score in 10 splits, KID of 10 subsets of 5,000 (torch_mimicry)",
    metrics: [fid(), inceptionScore({ splits: 10 }), kid({ subsets: 10, subsetSize: 5_000 })],
    resizer: "tf1-bilinear",
    fakeCount: 50_000,
    realCount: 50_000,
  },
  studiogan: {
    summary: "as many samples as real images; Inception Score in 1 split, k = 5, half-pixel resizing (StudioGAN)",
    metrics: [
      fid(),
      inceptionScore({ splits: 1 }),
      precisionRecall({ neighbours: 5 }),
      densityCoverage({ neighbours: 5 }),
    ],
    resizer: "torch-bilinear",
    fakeCount: "real",
    realCount: undefined,
  },
  "clean-fid": {
    summary: "FID and KID of 10,000 samples against the test split, antialiased bicubic resizing (clean-fid)",
    metrics: [fid(), kid({ subsets: 100, subsetSize: 1_000 })],
    resizer: "clean-bicubic",
    fakeCount: 10_000,
    realCount: undefined,
    realSplit: "test",
  },
};

/**
 * The preset of that name.
 * @throws UserError with the nearest name when there is none.
 */
export function preset(name: string): Preset {
  const found = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (found) return found;
  throw new UserError(`there is no protocol \`${name}\`${suggestion(name, Object.keys(presets))}`);
}

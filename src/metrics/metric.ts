/** Metric: a score as a value. It says what it must see of a set of images, which is computed once for all metrics. */
import { type Descriptor, definer } from "../base/descriptor.ts";
import type { Mixture } from "../data/index.ts";
import type { Generator, Tensor } from "../tensor/index.ts";
import type { Gaussian } from "./formulas/moments.ts";

/** What can be kept of a set of images; everything else is forgotten batch by batch. */
export type Part = "moments" | "features" | "logits";

/** A set of images as metrics see it: the parts that one of them asked for. */
export interface Sample {
  /** Number of images, N. */
  readonly count: number;
  /** Mean and covariance of the features, float64. */
  readonly moments?: Gaussian | undefined;
  /** float32 [N, D] on the CPU. */
  readonly features?: Tensor | undefined;
  /** float32 [N, K] on the CPU, in the order of `features`. */
  readonly logits?: Tensor | undefined;
}

/** What the discriminator, as a classifier of K classes, makes of real images whose class is known. */
export interface Classified {
  /** Number of images, N. */
  readonly count: number;
  /** int64 [N] on the CPU. */
  readonly labels: Tensor;
  /** float32 [N, K] on the CPU, by the weights as they are. */
  readonly logits: Tensor;
  /** The same by averaged weights; undefined where the run keeps none of the discriminator. */
  readonly averaged?: Tensor | undefined;
}

/** One number that a metric gives. */
export interface Measured {
  readonly value: number;
  /** Standard deviation over the metric's own splits or subsets. */
  readonly std?: number;
  /** Values at several numbers of images, where the value is drawn from them. */
  readonly points?: readonly (readonly [count: number, value: number])[];
}

/** A metric, built. */
export interface Metric {
  /** The kind of its descriptor. */
  readonly kind: string;
  /** Which parts it reads of the generated images and of the real ones; no real ones where `real` is empty. */
  readonly needs: {
    readonly fake: readonly Part[];
    readonly real: readonly Part[];
    /** Whether it judges the discriminator as a classifier of the test split, and no generated images at all. */
    readonly classified?: boolean;
  };
  /** The names of its numbers, and which end is the better one. */
  readonly scores: Readonly<Record<string, "lower" | "higher">>;
  /** Options that fix its numbers: they are part of the score's protocol. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Computes the numbers named in {@link scores}; `random` is for subsets, and nothing else draws from it. */
  compute(
    fake: Sample,
    real: Sample | undefined,
    random: Generator,
    classified?: Classified,
  ): Readonly<Record<string, Measured>>;
}

/** What is known of the data when a metric is built; undefined where nothing is, as of another tool's images. */
export type MetricContext = { readonly mixture?: Mixture | undefined } | undefined;

/** A metric as a recipe or the command line describes it. */
export type MetricDescriptor = Descriptor<"metric", MetricContext, Metric>;

/** Defines a metric: its kind, the zod schema of its options, and a function that makes it. */
export const defineMetric = definer<"metric", MetricContext, Metric>("metric");

/**
 * A part that the collector was asked for.
 * @throws when a metric reads what it did not say that it needs.
 */
export function part<P extends Part>(sample: Sample | undefined, name: P): NonNullable<Sample[P]> {
  const found = sample?.[name];
  if (found === undefined || found === null) throw new Error(`a metric reads \`${name}\` without having asked for it`);
  return found;
}

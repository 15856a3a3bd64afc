/** The inputs of an evaluation. */
import type { CollectOptions } from "./collect.ts";
import type { FeatureNetwork } from "./features/feature-network.ts";
import type { Gaussian } from "./formulas/moments.ts";
import type { ImageSet } from "./images/image-set.ts";
import type { Metric } from "./metric.ts";
import type { Drawing } from "./protocol.ts";
import type { StatisticsFile } from "./statistics-file.ts";

/** Generated images, and their part of the protocol of scores. */
export interface FakeImages {
  readonly images: ImageSet;
  /** null when another tool drew them. */
  readonly drawing: Drawing | null;
  /** How floats became bytes; of samples in [-1, 1] it is `round((x + 1) * 127.5), clamped to 0..255`. */
  readonly quantiser: string;
}

/** How Gantry turns its generators' floats into bytes, as in sample grids. */
export const QUANTISER = "round((x + 1) * 127.5), clamped to 0..255";

/** The quantiser of images that come as bytes. */
export const BYTES = "bytes as given";

/** The work of an evaluation. */
export interface EvaluationCost {
  /** Generated images. */
  readonly samples: number;
  /** Real images whose features are computed; 0 where they are kept from before, or read from a file. */
  readonly real: number;
  /** Name and number of features of the network; undefined where only pixels are looked at. */
  readonly features: { readonly name: string; readonly dimensions: number } | undefined;
  /** Pairs of feature vectors that the metrics compare. */
  readonly pairs: number;
  /** For samples and features, from the time of a first batch, and for the pairs, from that of some. */
  readonly seconds: number;
}

/** The inputs of an evaluation: images, network, metrics, and the real images to compare with. */
export interface Evaluation extends CollectOptions {
  /** May be left out where every metric looks at pixels. */
  readonly network?: FeatureNetwork | undefined;
  readonly metrics: readonly Metric[];
  readonly fake: FakeImages;
  /** Images, or a file of their statistics. May be left out where no metric needs real images. */
  readonly real?: ImageSet | StatisticsFile | undefined;
  /** Seed of subsets and of the order in which splits are taken. */
  readonly seed: number;
  /** Called with a warning when a number is not reliable. */
  warn?(message: string): void;
  /** Called before the work begins, with how much it is and about how long it takes. */
  readonly announce?: ((cost: EvaluationCost) => void) | undefined;
  /** A few images like the generated ones: the time that they take is measured for {@link announce}. */
  readonly trial?: ImageSet | undefined;
  /** Called with mean and covariance of the generated images' features, which are freed afterwards. */
  readonly onMoments?: ((moments: Gaussian) => void) | undefined;
}

/** Whether the real images are known by their statistics alone. */
export const isStatistics = (real: ImageSet | StatisticsFile): real is StatisticsFile => "moments" in real;

/** What an exported page reads about its generator: `generator.json`, next to the model. */

/** A condition of a sample, as the page offers it. */
export interface PageCondition {
  readonly name: string;
  readonly kind: "flag" | "number";
  readonly mean: number;
  readonly deviation: number;
  readonly least: number;
  readonly most: number;
}

/** A picture or a vector that Gantry made, by which the page compares what its own engine makes. */
export interface PageCheck {
  readonly seed: number;
  /** G(z) for the seed's latent and the first class, or the conditions' means; row-major. */
  readonly values: readonly number[];
  /** The largest difference of a value that still counts as the same sample. */
  readonly tolerance: number;
}

/** The contents of `generator.json`. */
export interface PageSettings {
  readonly format: 1;
  /** Name of the recipe. */
  readonly name: string;
  /** What it was trained on. */
  readonly data: string;
  readonly architecture: string;
  readonly step: number;
  /** Numbers that were trained; undefined for a network that does not say it. */
  readonly parameters?: number | undefined;
  readonly gantry: string;
  /** Shape of one sample: [channels, height, width] or [features]. */
  readonly sample: readonly number[];
  readonly latent: number;
  readonly latentDistribution: "normal" | "uniform";
  /** Which labels the model's input `y` takes: none, a class int64 [N], shares of classes float [N, classes], or conditions. */
  readonly labels: "none" | "classes" | "shares" | "conditions";
  readonly classes: readonly string[];
  readonly conditions: readonly PageCondition[];
  /** Centres of the mixture of Gaussians that vectors were drawn from, and their deviation. */
  readonly mixture?: { readonly centres: readonly (readonly number[])[]; readonly sigma: number } | undefined;
  readonly check: PageCheck;
  /** Name of the model's file. */
  readonly model: string;
}

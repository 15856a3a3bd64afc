/** Evaluation of images during training: the feature network and the real images are opened once for the run. */

import { seedOf } from "../../base/seed.ts";
import type { Dataset } from "../../data/index.ts";
import {
  datasetImages,
  evaluate,
  type FeatureNetwork,
  type ImageSet,
  type Metric,
  openFeatures,
  type Score,
} from "../../metrics/index.ts";
import type { RunSettings, Samplable } from "../trainable.ts";
import { Classification } from "./classification.ts";
import { bestOf, type EvaluationEvents, type Evaluator } from "./evaluator.ts";
import { generatedImages } from "./generated-images.ts";

/** The networks and images of an evaluation. */
interface Opened {
  readonly network: FeatureNetwork | undefined;
  readonly classification: Classification | undefined;
}

/** The evaluations of a run whose data are images. */
export class ImageEvaluator implements Evaluator {
  readonly every: number;
  readonly best: Evaluator["best"];
  readonly #settings: RunSettings;
  /** undefined where no metric looks at images. */
  readonly #network: FeatureNetwork | undefined;
  readonly #metrics: readonly Metric[];
  readonly #classification: Classification | undefined;
  readonly #real: ImageSet;
  readonly #samples: number;
  #warned = false;

  private constructor(settings: RunSettings, dataset: Dataset, metrics: readonly Metric[], opened: Opened) {
    const { every, samples, real, best } = settings.evaluate!;
    this.every = every;
    this.#settings = settings;
    this.#network = opened.network;
    this.#classification = opened.classification;
    this.#metrics = metrics.filter(({ needs }) => !needs.classified);
    this.#real = datasetImages(dataset, real);
    this.#samples = samples;
    this.best = bestOf(metrics, opened.network, best);
  }

  /**
   * Opens what `evaluate` names; undefined where it is absent. The feature network and the test split are opened only
   * where a metric needs them.
   *
   * @throws UserError when the feature network or the test split is not there or `best` is no score of the metrics.
   */
  static async open(settings: RunSettings, dataset: Dataset): Promise<ImageEvaluator | undefined> {
    if (settings.evaluate === undefined) return undefined;
    const metrics = settings.evaluate.metrics.map((metric) => metric.build());
    const classifying = metrics.filter(({ needs }) => needs.classified);
    const classification = classifying.length > 0 ? await Classification.open(settings, classifying) : undefined;
    const network =
      classifying.length < metrics.length || metrics.length === 0
        ? await openFeatures(settings.evaluate.features, { device: settings.device })
        : undefined;
    try {
      return new ImageEvaluator(settings, dataset, metrics, { network, classification });
    } catch (error) {
      network?.dispose();
      classification?.dispose();
      throw error;
    }
  }

  async scores(gan: Samplable, events: EvaluationEvents, stop: AbortSignal | undefined): Promise<Score[]> {
    const options = { count: this.#samples, seed: seedOf(this.#settings.seed, "evaluation"), averaged: true } as const;
    const classified = (await this.#classification?.scores(gan, events, stop)) ?? [];
    if (this.#network === undefined) return classified;
    const scores = await evaluate({
      network: this.#network,
      metrics: this.#metrics,
      fake: generatedImages(gan, "the generator", { ...options, mode: "eval" }),
      real: this.#real,
      seed: options.seed,
      stop,
      onProgress: (progress) => events.evaluating?.(progress),
      warn: (message) => {
        if (!this.#warned) events.note?.(message);
      },
    });
    this.#warned = true;
    return [...scores, ...classified];
  }

  dispose(): void {
    this.#network?.dispose();
    this.#classification?.dispose();
  }
}

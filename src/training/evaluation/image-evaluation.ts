/** Evaluation of images on the way: the feature network and the real images are opened once for the run. */
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
import type { Recipe } from "../../recipe/recipe.ts";
import type { BuiltGan } from "../step/gan.ts";
import { seedOf } from "../step/random-streams.ts";
import { Classification } from "./classification.ts";
import { bestOf, type EvaluationEvents, type Evaluator } from "./evaluator.ts";
import { generatedImages } from "./generated-images.ts";

/** What an evaluation looks with, and at. */
interface Opened {
  readonly network: FeatureNetwork | undefined;
  readonly classification: Classification | undefined;
}

/** A recipe's evaluations where its data are images. */
export class ImageEvaluator implements Evaluator {
  readonly every: number;
  readonly best: Evaluator["best"];
  readonly #recipe: Recipe;
  /** undefined where no metric looks at images. */
  readonly #network: FeatureNetwork | undefined;
  readonly #metrics: readonly Metric[];
  readonly #classification: Classification | undefined;
  readonly #real: ImageSet;
  readonly #samples: number;
  #warned = false;

  private constructor(recipe: Recipe, dataset: Dataset, metrics: readonly Metric[], opened: Opened) {
    const { every, samples, real, best } = recipe.evaluate!;
    this.every = every;
    this.#recipe = recipe;
    this.#network = opened.network;
    this.#classification = opened.classification;
    this.#metrics = metrics.filter(({ needs }) => !needs.classified);
    this.#real = datasetImages(dataset, real);
    this.#samples = samples;
    this.best = bestOf(metrics, opened.network, best);
  }

  /**
   * Opens what a recipe's `evaluate` names; undefined where the recipe has none. The feature network and the test split are
   * opened only where a metric looks at them.
   *
   * @throws UserError when the feature network or the test split is not there or `best` is no score of the metrics.
   */
  static async open(recipe: Recipe, dataset: Dataset): Promise<ImageEvaluator | undefined> {
    if (recipe.evaluate === undefined) return undefined;
    const metrics = recipe.evaluate.metrics.map((metric) => metric.build());
    const classifying = metrics.filter(({ needs }) => needs.classified);
    const classification = classifying.length > 0 ? await Classification.open(recipe, classifying) : undefined;
    const network =
      classifying.length < metrics.length || metrics.length === 0
        ? await openFeatures(recipe.evaluate.features, { device: recipe.device })
        : undefined;
    try {
      return new ImageEvaluator(recipe, dataset, metrics, { network, classification });
    } catch (error) {
      network?.dispose();
      classification?.dispose();
      throw error;
    }
  }

  async scores(gan: BuiltGan, events: EvaluationEvents, stop: AbortSignal | undefined): Promise<Score[]> {
    const options = { count: this.#samples, seed: seedOf(this.#recipe.seed, "evaluation"), averaged: true } as const;
    const classified = (await this.#classification?.scores(gan, events, stop)) ?? [];
    if (this.#network === undefined) return classified;
    const scores = await evaluate({
      network: this.#network,
      metrics: this.#metrics,
      judged: generatedImages(gan, "the generator", { ...options, mode: "eval" }),
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

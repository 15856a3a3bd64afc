/** Evaluation of images on the way: the feature network and the real images are opened once for the run. */
import type { Dataset } from "../data/index.ts";
import {
  datasetImages,
  evaluate,
  type FeatureNetwork,
  type ImageSet,
  type Metric,
  openFeatures,
  type Score,
} from "../metrics/index.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { bestOf, type EvaluationEvents, type Evaluator } from "./evaluation.ts";
import type { BuiltGame } from "./game.ts";
import { generatedImages } from "./generated-images.ts";
import { seedOf } from "./streams.ts";

/** A recipe's evaluations where its data are images. */
export class ImageEvaluator implements Evaluator {
  readonly every: number;
  readonly best: Evaluator["best"];
  readonly #recipe: Recipe;
  readonly #network: FeatureNetwork;
  readonly #metrics: readonly Metric[];
  readonly #real: ImageSet;
  readonly #samples: number;
  #warned = false;

  private constructor(recipe: Recipe, dataset: Dataset, network: FeatureNetwork) {
    const { every, metrics, samples, real, best } = recipe.evaluate!;
    this.every = every;
    this.#recipe = recipe;
    this.#network = network;
    this.#metrics = metrics.map((metric) => metric.build(undefined));
    this.#real = datasetImages(dataset, real);
    this.#samples = samples;
    this.best = bestOf(this.#metrics, network, best);
  }

  /**
   * Opens what a recipe's `evaluate` names; undefined where the recipe has none.
   *
   * Throws UserError when the feature network is not there or `best` is no score of the metrics.
   */
  static async open(recipe: Recipe, dataset: Dataset): Promise<ImageEvaluator | undefined> {
    if (recipe.evaluate === undefined) return undefined;
    const network = await openFeatures(recipe.evaluate.features, { device: recipe.device });
    try {
      return new ImageEvaluator(recipe, dataset, network);
    } catch (error) {
      network.dispose();
      throw error;
    }
  }

  async scores(game: BuiltGame, events: EvaluationEvents, stop: AbortSignal | undefined): Promise<Score[]> {
    const options = { count: this.#samples, seed: seedOf(this.#recipe.seed, "evaluation"), averaged: true } as const;
    const scores = await evaluate({
      network: this.#network,
      metrics: this.#metrics,
      judged: generatedImages(game, "the generator", { ...options, mode: "eval" }),
      real: this.#real,
      seed: options.seed,
      stop,
      onProgress: (progress) => events.evaluating?.(progress),
      warn: (message) => {
        if (!this.#warned) events.note?.(message);
      },
    });
    this.#warned = true;
    return scores;
  }

  dispose(): void {
    this.#network.dispose();
  }
}

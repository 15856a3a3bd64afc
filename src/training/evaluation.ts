/** Evaluation on the way: a recipe's `evaluate`, with the feature network and the real images opened once for the run. */
import { UserError } from "../base/errors.ts";
import type { Dataset } from "../data/index.ts";
import {
  type CollectProgress,
  datasetImages,
  evaluate,
  type FeatureNetwork,
  type ImageSet,
  type Metric,
  openFeatures,
  type Score,
  scoreName,
} from "../metrics/index.ts";
import type { Recipe } from "../recipe/recipe.ts";
import type { BuiltGame } from "./game.ts";
import { generatedImages } from "./generated-images.ts";
import { seedOf } from "./streams.ts";

/** What an evaluation tells while it goes on. */
export interface EvaluationEvents {
  evaluating?(progress: CollectProgress): void;
  note?(message: string): void;
}

/** A recipe's evaluations. They draw from generators of their own: however often they come, training is the same. */
export class Evaluator {
  readonly every: number;
  /** The score whose best checkpoint is kept. */
  readonly best: Pick<Score, "name" | "better">;
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
    this.best = chosen(this.#metrics, network, best);
  }

  /**
   * Opens what a recipe's `evaluate` names; undefined where the recipe has none.
   *
   * Throws UserError when the feature network is not there or `best` is no score of the metrics.
   */
  static async open(recipe: Recipe, dataset: Dataset): Promise<Evaluator | undefined> {
    if (recipe.evaluate === undefined) return undefined;
    const network = await openFeatures(recipe.evaluate.features, { device: recipe.device });
    try {
      return new Evaluator(recipe, dataset, network);
    } catch (error) {
      network.dispose();
      throw error;
    }
  }

  /** The scores of the game as it stands. Throws the reason of `stop` when it is raised meanwhile. */
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

/** The score that `best` names, with or without the network's name; the first one where it names none. */
function chosen(metrics: readonly Metric[], network: FeatureNetwork, best: string | undefined): Evaluator["best"] {
  const all = metrics.flatMap(({ scores }) =>
    Object.entries(scores).map(([short, better]) => ({ short, name: scoreName(short, network), better })),
  );
  const found = best === undefined ? all[0] : all.find(({ short, name }) => best === short || best === name);
  if (found) return found;
  const names = all.map(({ short }) => short).join(", ");
  throw new UserError(
    best === undefined
      ? "`evaluate.metrics` is empty: name at least one, such as [fid()]"
      : `\`evaluate.best\` (=${best}) must be one of the recipe's scores: ${names}`,
  );
}

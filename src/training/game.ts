/** Building the game: a recipe's descriptions become networks, optimizers and techniques that know each other. */
import { UserError } from "../base/errors.ts";
import type { BatchFeed } from "../data/feed.ts";
import type { Loss } from "../losses/index.ts";
import type { DiscriminatorNetwork, GeneratorNetwork, ModelContext, SampleShape } from "../models/index.ts";
import type { Optimizer, Schedule } from "../optim/index.ts";
import type { Recipe } from "../recipe/recipe.ts";
import type { Game, NetworkDescriptors, Player, Technique } from "../techniques/index.ts";
import { type Generator, Tensor } from "../tensor/index.ts";
import { Streams } from "./streams.ts";

/** What the networks must know of the data. */
export interface DataShape {
  readonly sample: SampleShape;
  /** Names of the classes; empty when there are none. */
  readonly classes: readonly string[];
}

/** Hooks that only one technique of a recipe may have. */
const EXCLUSIVE = {
  discriminatorLoss: "replace the discriminator's loss",
  generatorLoss: "replace the generator's loss",
  select: "select the samples that the generator learns from",
  realTargets: "set the target for real images",
} as const;

/** Everything that one update touches. Progress advances as updates are made. */
export class BuiltGame implements Game {
  readonly recipe: Recipe;
  readonly shape: DataShape;
  readonly streams: Streams;
  readonly generator: GeneratorNetwork;
  readonly discriminator: DiscriminatorNetwork;
  readonly loss: Loss;
  readonly optimizers: Readonly<Record<Player, Optimizer>>;
  readonly techniques: readonly Technique[];
  readonly #feed: BatchFeed | undefined;
  /** Generator updates done. */
  step = 0;

  /**
   * Builds networks, optimizers and techniques; the same recipe gives the same weights.
   *
   * Without a feed the game can be sampled from but not trained. Throws UserError when parts of the recipe do not go
   * together.
   */
  constructor(recipe: Recipe, shape: DataShape, feed?: BatchFeed) {
    this.recipe = recipe;
    this.shape = shape;
    this.#feed = feed;
    this.streams = new Streams(recipe.seed, recipe.device);
    this.loss = build<Loss>(recipe.loss, undefined);
    this.techniques = recipe.techniques.map((descriptor) =>
      build<Technique>(descriptor, {
        batchSize: recipe.batchSize,
        classes: shape.classes.length,
        device: recipe.device,
        random: this.streams.get(`technique.${descriptor.kind}`),
      }),
    );
    refuseConflicts(this.techniques, this.loss);

    let networks = {
      generator: recipe.generator,
      discriminator: recipe.discriminator,
    } as unknown as NetworkDescriptors;
    for (const technique of this.techniques) networks = technique.networks?.(networks) ?? networks;
    const context = (player: Player): ModelContext => ({
      image: shape.sample,
      classes: shape.classes.length,
      generator: this.streams.get(`weights.${player}`),
      device: recipe.device,
      memoryFormat: recipe.memoryFormat,
    });
    const { memoryFormat } = recipe;
    this.generator = networks.generator.build(context("generator")).to({ memoryFormat });
    this.discriminator = networks.discriminator.build(context("discriminator")).to({ memoryFormat });
    this.optimizers = {
      generator: build<Optimizer>(recipe.optimizers.generator, { parameters: this.generator.parameters() }),
      discriminator: build<Optimizer>(recipe.optimizers.discriminator, { parameters: this.discriminator.parameters() }),
    };
    for (const technique of this.techniques) technique.prepare?.(this);
  }

  /** The batches; throws when the game was built without. */
  get feed(): BatchFeed {
    if (this.#feed === undefined) throw new Error("this game was built without data: it can only be sampled from");
    return this.#feed;
  }

  get progress(): { step: number; epoch: number } {
    return { step: this.step, epoch: this.#feed?.epoch ?? 0 };
  }

  latents(count: number): Tensor {
    return drawLatents(this, count, this.streams.get("latents"));
  }

  /** Labels for generated samples, drawn evenly; undefined when the data has no classes. */
  labels(count: number): Tensor | undefined {
    const classes = this.shape.classes.length;
    if (classes === 0) return undefined;
    return Tensor.randint(0, classes, [count], { generator: this.streams.get("labels") }).to({
      device: this.recipe.device,
    });
  }

  /** The learning rates of the coming step. */
  applySchedule(schedule: Schedule | undefined): void {
    const factor = schedule?.factor(this.step) ?? 1;
    for (const optimizer of Object.values(this.optimizers)) optimizer.lr = optimizer.baseLr * factor;
  }

  /** Frees everything that was built. */
  dispose(): void {
    for (const optimizer of Object.values(this.optimizers)) optimizer.dispose();
    for (const technique of this.techniques) {
      for (const tensor of technique.state?.().tensors.values() ?? []) tensor.dispose();
    }
    this.generator.dispose();
    this.discriminator.dispose();
  }
}

/** Latents [count, latent] on the game's device, as the recipe distributes them. */
export function drawLatents(
  game: Pick<BuiltGame, "recipe" | "generator">,
  count: number,
  generator: Generator,
): Tensor {
  const shape = [count, game.generator.latent];
  const drawn =
    game.recipe.latentDistribution === "normal"
      ? Tensor.randn(shape, { generator })
      : Tensor.rand(shape, { generator }).mul_(2).add_(-1);
  return drawn.to({ device: game.recipe.device });
}

/** A descriptor's part; the recipe's schema has checked its role, which fixes what it builds. */
export function build<Part>(descriptor: { build(context: never): unknown }, context: unknown): Part {
  return descriptor.build(context as never) as Part;
}

function refuseConflicts(techniques: readonly Technique[], loss: Loss): void {
  for (const [hook, deed] of Object.entries(EXCLUSIVE)) {
    const names = techniques.filter((technique) => hook in technique).map((technique) => `\`${technique.name}\``);
    if (names.length > 1) throw new UserError(`${names.join(" and ")} both ${deed}; a recipe can have one of them`);
  }
  const smoothing = techniques.find((technique) => technique.realTargets !== undefined);
  if (smoothing !== undefined && !loss.smoothable) {
    throw new UserError(
      `\`${smoothing.name}\` sets a target for real images, and the loss \`${loss.name}\` has none; use nonSaturating, minimax or leastSquares`,
    );
  }
}

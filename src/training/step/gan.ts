/** Building the game: a recipe's descriptions become networks, optimizers and techniques that know each other. */
import { UserError } from "../../base/errors.ts";
import type { DataLoader } from "../../data/index.ts";
import type { Loss } from "../../losses/index.ts";
import type { DiscriminatorNetwork, GeneratorNetwork, ModelContext, SampleShape } from "../../models/index.ts";
import type { Optimizer, Schedule } from "../../optim/index.ts";
import type { Recipe } from "../../recipe/recipe.ts";
import type { AuxiliaryLoaders, Gan, NetworkDescriptors, Player, Progress, Technique } from "../../techniques/index.ts";
import { type Generator, Tensor } from "../../tensor/index.ts";
import { refuseConflicts, refuseEpochs, refuseHalfDone, refuseUnknownHooks } from "./compatible.ts";
import type { MicroBatchPassOptions } from "./micro-batch-pass.ts";
import { RandomStreams, seedOf } from "./random-streams.ts";
import { ALONE, type Replica, Sharding } from "./sharding.ts";
import { type StartingWeights, startWith } from "./starting-weights.ts";

/** What the networks must know of the data. */
export interface DataShape {
  readonly sample: SampleShape;
  /** Names of the classes; empty when there are none. */
  readonly classes: readonly string[];
  /** Samples of each class; absent where that is not known. */
  readonly classCounts?: readonly number[] | undefined;
}

/** Everything that one update touches. Progress advances as updates are made. */
export class BuiltGan implements Gan {
  readonly recipe: Recipe;
  readonly shape: DataShape;
  readonly streams: RandomStreams;
  readonly generator: GeneratorNetwork;
  readonly discriminator: DiscriminatorNetwork;
  readonly loss: Loss;
  readonly optimizers: Readonly<Record<Player, Optimizer>>;
  readonly techniques: readonly Technique[];
  readonly sharding: Sharding;
  readonly hasGivenWeights: boolean;
  /** The further feeds of techniques, as "<technique>.<its name for it>". */
  readonly auxiliaryLoaders: ReadonlyMap<string, DataLoader>;
  readonly #loader: DataLoader | undefined;
  #progress: Progress = { step: 0, epoch: 0 };
  /** Passes over a divided batch in the step at hand. */
  #updates = 0;

  /**
   * Builds networks, optimizers and techniques; the same recipe gives the same weights.
   *
   * Without a feed the game can be sampled from but not trained. `replica` says which of the processes that train together
   * this one is; `weights` are what the networks begin with instead of new ones.
   *
   * @throws UserError when parts of the recipe do not go together, a technique wants further data that the feed cannot
   * give, or the weights are of other networks.
   */
  constructor(
    recipe: Recipe,
    shape: DataShape,
    loader?: DataLoader,
    replica: Replica = ALONE,
    weights?: StartingWeights,
  ) {
    this.recipe = recipe;
    this.sharding = new Sharding(recipe.batchSize, recipe.accumulate, replica);
    this.shape = shape;
    this.#loader = loader;
    this.streams = new RandomStreams(recipe.seed, recipe.device);
    this.loss = recipe.loss.build();
    const { device, memoryFormat } = recipe;
    const context = { image: shape.sample, classes: shape.classes.length, device, memoryFormat };
    this.techniques = recipe.techniques.map((descriptor) => {
      const random = this.streams.get(`technique.${descriptor.kind}`);
      const technique = descriptor.build({ ...context, batchSize: recipe.batchSize, rng: random });
      refuseUnknownHooks(technique, descriptor.kind);
      refuseHalfDone(technique, descriptor.kind);
      return technique;
    });
    refuseConflicts(this.techniques, this.loss);
    if (loader?.withoutEpochs) refuseEpochs(this.techniques);

    let networks: NetworkDescriptors = { generator: recipe.generator, discriminator: recipe.discriminator };
    for (const technique of this.techniques) networks = technique.networks?.(networks) ?? networks;
    const modelContext = (player: Player): ModelContext => ({
      ...context,
      rng: this.streams.get(`weights.${player}`),
    });
    this.generator = networks.generator.build(modelContext("generator")).to({ memoryFormat });
    this.discriminator = networks.discriminator.build(modelContext("discriminator")).to({ memoryFormat });
    this.hasGivenWeights = weights !== undefined;
    if (weights !== undefined) startWith(this, weights);
    this.optimizers = {
      generator: recipe.optimizers.generator.build({ parameters: this.generator.parameters() }),
      discriminator: recipe.optimizers.discriminator.build({ parameters: this.discriminator.parameters() }),
    };
    const furtherFeeds = new Map<string, DataLoader>();
    for (const technique of this.techniques) {
      const loaders = loader === undefined ? {} : this.#openFurther(technique, loader);
      for (const [name, further] of Object.entries(loaders)) furtherFeeds.set(`${technique.name}.${name}`, further);
      technique.prepare?.(this, loaders);
    }
    this.auxiliaryLoaders = furtherFeeds;
  }

  #openFurther(technique: Technique, loader: DataLoader): AuxiliaryLoaders {
    const requests = Object.entries(technique.loaders?.() ?? {});
    return Object.fromEntries(
      requests.map(([name, request]) => {
        if (loader.auxiliary === undefined) {
          throw new UserError(
            `\`${technique.name}\` needs further data (${name}), which the data of this run cannot give`,
          );
        }
        return [name, loader.auxiliary(request, seedOf(this.recipe.seed, `data.${technique.name}.${name}`))];
      }),
    );
  }

  /** The batches; throws when the game was built without. */
  get loader(): DataLoader {
    if (this.#loader === undefined) throw new Error("this game was built without data: it can only be sampled from");
    return this.#loader;
  }

  /** As of the beginning of the step at hand: it does not move while discriminator updates draw batches. */
  get progress(): Progress {
    return this.#progress;
  }

  /** Generator updates done. */
  get step(): number {
    return this.#progress.step;
  }

  /** Says that so many generator updates are done; the feed knows how many epochs that is. */
  reach(step: number): void {
    this.#progress = { step, epoch: this.#loader?.epoch ?? 0 };
    this.#updates = 0;
  }

  latents(count: number, random = this.streams.get("latents")): Tensor {
    return drawLatents(this, count, random);
  }

  labels(count: number, random?: Generator): Tensor | undefined {
    const classes = this.shape.classes.length;
    if (classes === 0) return undefined;
    const generator = random ?? this.streams.get("labels");
    const drawn =
      this.recipe.labelDistribution === "uniform"
        ? Tensor.randint(0, classes, [count], { generator })
        : drawAsOften(this.#countsOf(classes), count, generator);
    return drawn.to({ device: this.recipe.device });
  }

  #countsOf(classes: number): readonly number[] {
    const { classCounts } = this.shape;
    if (classCounts?.length === classes) return classCounts;
    throw new UserError("`labelDistribution` (=empirical): how often each class comes is not known of this data");
  }

  /** How a divided batch is passed through a network, with the draws of its layers in a pass of the given name. */
  drawsOf(pass: string): Pick<MicroBatchPassOptions, "sharding" | "seed" | "device"> {
    const { seed, device } = this.recipe;
    const update = `${pass}.${this.step}.${this.#updates++}`;
    return {
      sharding: this.sharding,
      device,
      seed: (part) => seedOf(seed, `draws.${update}.${part === "whole" ? part : part.index}`),
    };
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
      technique.dispose?.();
    }
    this.generator.dispose();
    this.discriminator.dispose();
    this.streams.dispose();
  }
}

/** Classes int64 [count], each as likely as its share of the counts. */
function drawAsOften(counts: readonly number[], count: number, generator: Generator): Tensor {
  const total = counts.reduce((sum, value) => sum + value, 0);
  const ends = counts.map((_, i) => counts.slice(0, i + 1).reduce((sum, value) => sum + value, 0));
  const draws = Array.from(Tensor.randint(0, total, [count], { generator }).toArray(), Number);
  return Tensor.fromArray(BigInt64Array.from(draws, (draw) => BigInt(ends.findIndex((end) => draw < end))));
}

/** What says how latents are distributed, how many numbers they are, and where they are needed. */
export interface LatentSource {
  readonly recipe: Pick<Recipe, "latentDistribution" | "device">;
  readonly generator: Pick<GeneratorNetwork, "latent">;
}

/** Latents [count, latent] on the game's device, as the recipe distributes them. */
export function drawLatents(gan: LatentSource, count: number, generator: Generator): Tensor {
  const shape = [count, gan.generator.latent];
  const drawn =
    gan.recipe.latentDistribution === "normal"
      ? Tensor.randn(shape, { generator })
      : Tensor.rand(shape, { generator }).mul_(2).add_(-1);
  return drawn.to({ device: gan.recipe.device });
}

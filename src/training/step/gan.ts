/** Building a GAN: a recipe's descriptions become networks, optimizers and techniques. */
import { UserError } from "../../base/errors.ts";
import { seedOf } from "../../base/seed.ts";
import type { Condition, DataLoader, LoaderRequest } from "../../data/index.ts";
import type { Loss } from "../../losses/index.ts";
import type { DiscriminatorNetwork, GeneratorNetwork, ModelContext, SampleShape } from "../../models/index.ts";
import type { Optimizer } from "../../optim/index.ts";
import type { Recipe } from "../../recipe/index.ts";
import type { Gan, NetworkDescriptors, Player, Technique } from "../../techniques/index.ts";
import { drawFor, type Generator, keep, RepeatedDraws, scope, Tensor } from "../../tensor/index.ts";
import { refuseConflicts, refuseEpochs, refuseHalfDone, refuseUnknownHooks } from "./compatible.ts";
import { Precision } from "./precision.ts";
import { Progressing } from "./progressing.ts";
import { RandomStreams } from "./random-streams.ts";
import { ALONE, type MicroBatch, type Replica, Sharding } from "./sharding.ts";
import { StepBatches } from "./step-batches.ts";
import { StepGraphs } from "./step-graphs.ts";

/** The conditions of the data: what each is, and those of all real samples, from which generated ones get theirs. */
export interface DataConditions {
  readonly columns: readonly Condition[];
  /** float32 [N, columns] on the CPU, scaled. */
  readonly rows: Tensor;
}

/** What the networks need to know about the data. */
export interface DataShape {
  readonly sample: SampleShape;
  /** Names of the classes; empty when there are none. */
  readonly classes: readonly string[];
  /** Samples of each class; absent where that is not known. */
  readonly classCounts?: readonly number[] | undefined;
  /** Conditions, which samples have in place of classes; absent where there are none. */
  readonly conditions?: DataConditions | undefined;
}

/**
 * The GAN of a recipe in training: what techniques see ({@link Gan}), and what only training needs: the recipe, data
 * loaders, random streams, and the sharding of batches.
 */
export class BuiltGan extends Progressing implements Gan {
  readonly recipe: Recipe;
  readonly shape: DataShape;
  readonly generator: GeneratorNetwork;
  readonly discriminator: DiscriminatorNetwork;
  readonly modules: Readonly<Record<Player, GeneratorNetwork | DiscriminatorNetwork>>;
  readonly loss: Loss;
  readonly optimizers: Readonly<Record<Player, Optimizer>>;
  readonly techniques: readonly Technique[];
  readonly hasGivenWeights: boolean;
  readonly streams: RandomStreams;
  readonly precision: Precision;
  /** What a step draws for another device than the CPU; absent on the CPU. */
  readonly repeatedDraws: RepeatedDraws | undefined;
  /** The captured steps; absent unless the recipe wants `graph`. */
  readonly graphs: StepGraphs | undefined;
  readonly sharding: Sharding;
  /**
   * Loaders besides that of the training batches: "<technique>.<its name for it>", and "real" for {@link realLoader}.
   */
  readonly auxiliaryLoaders: ReadonlyMap<string, DataLoader>;
  /** Passes over micro-batches in the present step. */
  #passes = 0;
  /** Where classes come in proportion to their samples: the samples up to each class, and all of them. */
  #proportions: { readonly ends: Tensor; readonly total: number } | undefined;
  readonly #onDevice = new Map<Tensor, Tensor>();

  /**
   * Builds networks, optimizers and techniques. The same recipe gives the same weights.
   *
   * @param given - The training batches; without them the GAN can be sampled from but not trained.
   * @param replica - The number of this process among those that train together.
   * @param startWith - Puts given weights into the new networks.
   * @throws UserError when parts of the recipe do not go together, the data cannot give an auxiliary loader, or the
   * weights are those of other networks.
   */
  constructor(
    recipe: Recipe,
    shape: DataShape,
    given?: DataLoader,
    replica: Replica = ALONE,
    startWith?: (modules: BuiltGan["modules"]) => void,
  ) {
    const batches = recipe.graph && given ? new StepBatches() : undefined;
    const loader = given && (batches?.of(given) ?? given);
    super(loader);
    this.recipe = recipe;
    this.shape = shape;
    this.sharding = new Sharding(recipe.batchSize, recipe.accumulate, replica);
    this.streams = new RandomStreams(recipe.seed, recipe.device);
    this.precision = new Precision(recipe);
    this.repeatedDraws = recipe.device === "cpu" ? undefined : new RepeatedDraws(recipe.device);
    this.loss = recipe.loss.build();
    const { device, memoryFormat, batchSize } = recipe;
    const contextOf = (stream: string): ModelContext => {
      const rng = this.streams.get(stream);
      const labels = { classes: shape.classes.length, conditions: shape.conditions?.columns.length ?? 0 };
      return { image: shape.sample, ...labels, device, memoryFormat, rng };
    };
    this.techniques = recipe.techniques.map((descriptor) => {
      const technique = descriptor.build({ ...contextOf(`technique.${descriptor.kind}`), batchSize });
      refuseUnknownHooks(technique, descriptor.kind);
      refuseHalfDone(technique, descriptor.kind);
      return technique;
    });
    refuseConflicts(this.techniques, this.loss);
    if (loader?.withoutEpochs) refuseEpochs(this.techniques);

    let networks: NetworkDescriptors = { generator: recipe.generator, discriminator: recipe.discriminator };
    for (const technique of this.techniques) networks = technique.networks?.(networks) ?? networks;
    this.generator = networks.generator.build(contextOf("weights.generator")).to({ memoryFormat });
    this.discriminator = networks.discriminator.build(contextOf("weights.discriminator")).to({ memoryFormat });
    this.modules = { generator: this.generator, discriminator: this.discriminator };
    this.hasGivenWeights = startWith !== undefined;
    startWith?.(this.modules);
    this.optimizers = {
      generator: recipe.optimizers.generator.build({ parameters: this.generator.parameters() }),
      discriminator: recipe.optimizers.discriminator.build({ parameters: this.discriminator.parameters() }),
    };

    const auxiliaryLoaders = new Map<string, DataLoader>();
    const open = (owner: string, name: string, request: LoaderRequest, key = `${owner}.${name}`): DataLoader[] => {
      if (loader === undefined) return [];
      const opened = loader.auxiliary?.(request, seedOf(recipe.seed, `data.${key}`));
      if (opened === undefined) {
        throw new UserError(`\`${owner}\` needs an auxiliary loader (${name}), which the data of this run cannot give`);
      }
      auxiliaryLoaders.set(key, opened);
      return [opened];
    };
    const paired = [this.loss, ...this.techniques].find(({ pairs }) => pairs);
    if (paired !== undefined) open(paired.name, "real", {}, "real");
    for (const technique of this.techniques) {
      const requests = Object.entries(technique.loaders?.() ?? {});
      const loaders = requests.flatMap(([name, request]) =>
        open(technique.name, name, request).map((opened) => [name, opened] as const),
      );
      technique.prepare?.(this, Object.fromEntries(loaders));
    }
    this.auxiliaryLoaders = auxiliaryLoaders;
    this.graphs = batches && new StepGraphs(this, batches);
  }

  /** Real images for G's update. @throws UserError when neither the loss nor a technique declares `pairs`. */
  get realLoader(): DataLoader {
    const loader = this.auxiliaryLoaders.get("real");
    if (loader !== undefined) return loader;
    throw new UserError(
      "`pass.real()` in the generator's update: a technique that calls it must declare `pairs: true`",
    );
  }

  /** {@link Progressing.reach} in a new step, whose passes are counted from 0. */
  override reach(step: number): void {
    super.reach(step);
    this.#passes = 0;
  }

  latents(count: number, random = this.streams.get("latents")): Tensor {
    return drawLatents(this, count, random);
  }

  labels(count: number, random?: Generator): Tensor | undefined {
    const { conditions } = this.shape;
    const classes = this.shape.classes.length;
    if (classes === 0 && conditions === undefined) return undefined;
    const generator = random ?? this.streams.get("labels");
    const { device, labelDistribution } = this.recipe;
    if (conditions !== undefined) {
      return drawConditions({ ...conditions, rows: this.#there(conditions.rows) }, count, generator);
    }
    if (labelDistribution === "uniform")
      return drawFor(device, { of: "whole", below: classes, shape: [count] }, generator);
    this.#proportions ??= scope(() => proportionsOf(this.#countsOf(classes)));
    const { ends, total } = this.#proportions;
    const draws = drawFor(device, { of: "whole", below: total, shape: [count] }, generator);
    // The class is the number of classes that end at or before the draw.
    return draws.bucketize(this.#there(ends), true);
  }

  /** A tensor that is the same in the whole run, on the recipe's device. */
  #there(tensor: Tensor): Tensor {
    const { device } = this.recipe;
    if (device === "cpu") return tensor;
    const found = this.#onDevice.get(tensor) ?? scope(() => keep(tensor.to({ device })));
    this.#onDevice.set(tensor, found);
    return found;
  }

  #countsOf(classes: number): readonly number[] {
    const { classCounts } = this.shape;
    if (classCounts?.length === classes) return classCounts;
    throw new UserError("`labelDistribution` (=empirical): this data does not say how many samples each class has");
  }

  /**
   * Seeds of the draws that layers make in a pass over micro-batches. They differ for each pass, step and micro-batch.
   */
  seedOfPass(name: string): (microBatch: MicroBatch | "whole") => number {
    const pass = `${name}.${this.step}.${this.#passes++}`;
    return (microBatch) =>
      seedOf(this.recipe.seed, `draws.${pass}.${microBatch === "whole" ? microBatch : microBatch.index}`);
  }

  /** Frees everything that was built. */
  dispose(): void {
    this.graphs?.dispose();
    for (const optimizer of Object.values(this.optimizers)) optimizer.dispose();
    for (const technique of this.techniques) {
      for (const tensor of technique.state?.().tensors.values() ?? []) tensor.dispose();
      technique.dispose?.();
    }
    this.generator.dispose();
    this.discriminator.dispose();
    this.streams.dispose();
    for (const tensor of [this.#proportions?.ends, ...this.#onDevice.values()]) tensor?.dispose();
  }
}

function proportionsOf(counts: readonly number[]): { ends: Tensor; total: number } {
  let total = 0;
  const ends = BigInt64Array.from(counts, (count) => {
    total += count;
    return BigInt(total);
  });
  return { ends: keep(Tensor.fromArray(ends)), total };
}

/** Conditions float32 [count, columns] on the rows' device: those of real samples, each sample as likely. */
export function drawConditions({ rows }: DataConditions, count: number, generator: Generator): Tensor {
  return rows.indexSelect(0, drawFor(rows.device, { of: "whole", below: rows.shape[0]!, shape: [count] }, generator));
}

/** What {@link drawLatents} needs of a GAN. */
export interface LatentSource {
  readonly recipe: Pick<Recipe, "latentDistribution" | "device">;
  readonly generator: Pick<GeneratorNetwork, "latent">;
}

/** Latents z [count, latent] on the recipe's device, as the recipe distributes them. */
export function drawLatents(gan: LatentSource, count: number, generator: Generator): Tensor {
  const shape = [count, gan.generator.latent];
  const { device, latentDistribution } = gan.recipe;
  if (latentDistribution === "normal") return drawFor(device, { of: "normal", shape }, generator);
  return drawFor(device, { of: "uniform", shape }, generator).mul_(2).add_(-1);
}

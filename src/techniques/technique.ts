/**
 * Technique: a trick as a value that plugs into the training step. Every hook is optional; the step asks each technique
 * in the order of the recipe and never knows which one it holds.
 */
import { type Descriptor, definer } from "../base/descriptor.ts";
import type { DataLoader, LoaderRequest } from "../data/index.ts";
import type { Loss, LossTargets } from "../losses/index.ts";
import type { DiscriminatorNetwork, DiscriminatorOutput, GeneratorNetwork, ModelContext } from "../models/index.ts";
import type { Optimizer } from "../optim/index.ts";
import type { Generator, Tensor } from "../tensor/index.ts";

/** The two sides of the game. */
export type Player = "generator" | "discriminator";

/** The networks as a recipe describes them, before they are built. */
export interface NetworkDescriptors {
  readonly generator: Descriptor<"generator", ModelContext, GeneratorNetwork>;
  readonly discriminator: Descriptor<"discriminator", ModelContext, DiscriminatorNetwork>;
}

/** What a technique knows when it is built; nothing else exists yet. `{ ...context, generator: random }` builds layers. */
export interface TechniqueContext extends Omit<ModelContext, "generator"> {
  readonly batchSize: number;
  /** A stream of this technique's own, which checkpoints keep. */
  readonly rng: Generator;
}

/** How far the run had come when the step at hand began. */
export interface Progress {
  /** Generator updates done. */
  readonly step: number;
  /** Passes over the data done, with a fraction. */
  readonly epoch: number;
}

/** The built game, as techniques see it. */
export interface Gan {
  readonly generator: GeneratorNetwork;
  readonly discriminator: DiscriminatorNetwork;
  readonly loss: Loss;
  readonly optimizers: Readonly<Record<Player, Optimizer>>;
  readonly progress: Progress;
  /** Whether the networks began with weights that someone chose, which no initialisation may replace. */
  readonly hasGivenWeights: boolean;
  /** New latents [count, latent] from the run's stream, or from `random`. */
  latents(count: number, random?: Generator): Tensor;
  /** New labels int64 [count] for generated samples, as the recipe distributes them; undefined when the data has no classes. */
  labels(count: number, random?: Generator): Tensor | undefined;
}

/** The further feeds that a technique asked for in {@link Technique.loaders}, by its names. */
export type AuxiliaryLoaders = Readonly<Record<string, DataLoader>>;

/** How both passes look at images. */
interface Looking {
  /**
   * A further look that leaves the discriminator's carried state (spectral norm, batch norm) alone. It takes images as
   * they are: those of the data and of the generator go through {@link augment} first.
   */
  discriminate(images: Tensor, labels?: Tensor): DiscriminatorOutput;
  /** Images as the discriminator is to see them: what the {@link Technique.augment} hooks make of them, drawn anew. */
  augment(images: Tensor, of: "real" | "fake"): Tensor;
}

/** One discriminator update in the making. */
export interface DiscriminatorPass extends Looking {
  /** Real images [B, ...] as the discriminator sees them. */
  readonly real: Tensor;
  /** Generated images [B, ...] as the discriminator sees them, without a graph. */
  readonly fake: Tensor;
  /** Both as they were before any augmentation. */
  readonly rawReal: Tensor;
  readonly rawFake: Tensor;
  /** What the generated images were made of. */
  readonly latents: Tensor;
  readonly realLabels: Tensor | undefined;
  readonly fakeLabels: Tensor | undefined;
  readonly realOutput: DiscriminatorOutput;
  readonly fakeOutput: DiscriminatorOutput;
  /** What {@link Technique.targets} asks for, which a replacing loss has to honour; undefined for the usual targets. */
  readonly targets: LossTargets | undefined;
}

/** One generator update in the making. */
export interface GeneratorPass extends Looking {
  readonly latents: Tensor;
  readonly labels: Tensor | undefined;
  /** Generated images [B, ...] as the discriminator sees them, with the generator's graph. */
  readonly fake: Tensor;
  /** The same before any augmentation. */
  readonly rawFake: Tensor;
  /**
   * The judgement of all of them. It carries the generator's graph where a technique of the recipe has
   * {@link Technique.generatorLoss} or {@link Technique.generatorPenalty}; else the graph may end at the features.
   */
  readonly fakeOutput: DiscriminatorOutput;
  /** The rows that were selected (int64 [k]), or null for all. */
  readonly rows: Tensor | null;
  /** The judgement of the selected rows: what the generator's loss is made of, a replacing one too. */
  readonly keptOutput: DiscriminatorOutput;
  /**
   * Gradients of a number that depends on the generated images with respect to the generator's weights, in their order;
   * null for a weight that it does not depend on. Not `grad`: a batch in parts has no graph that reaches the weights.
   */
  gradientsOf(value: Tensor): readonly (Tensor | null)[];
}

/** The generated rows that the generator learns from. */
export interface Selection {
  /** Row numbers, int64 [k]. */
  readonly rows: Tensor;
  /**
   * What the generator's loss over these rows, a mean, is multiplied by: 1, or k / B for the mean over the batch in which
   * the others count as zero.
   */
  readonly factor: number;
}

/** What a checkpoint keeps of a technique: live tensors by name, and numbers. All of them must be finite. */
export interface TechniqueState {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly numbers: Readonly<Record<string, number>>;
}

/**
 * The hooks, in the order in which a run meets them. Tensors made in a hook are freed when the step ends; what is to last
 * longer goes through `keep`, and into {@link Technique.state}.
 */
export interface Technique {
  /** The kind of its descriptor: names it in errors, overrides and checkpoints. */
  readonly name: string;
  /** What to set instead where it counts epochs and the data has none: it is refused there, rather than never moving. */
  readonly insteadOfEpochs?: string | undefined;
  /**
   * Techniques that it makes no sense with, by name, and why: the rest of the sentence "`mine` and `theirs` cannot stand in
   * one recipe: ...".
   */
  readonly without?: Readonly<Record<string, string>>;
  /** Techniques that must stand before it where both are in a recipe, by name, and why: "`mine` must stand after `theirs`: ...". */
  readonly after?: Readonly<Record<string, string>>;
  /** Whose averaged weights its {@link sampler} lends: the protocol of scores says so of the generator's. */
  readonly averages?: readonly Player[];
  /** Of a {@link sampler} that collects batch statistics: the protocol of scores says so. */
  readonly standing?: { readonly batches: number; readonly batchSize: number };
  /** Amends the networks' descriptions before they are built. */
  networks?(networks: NetworkDescriptors): NetworkDescriptors;
  /** Further data that it wants beside the training batches, by names of its choice; checkpoints keep where they stand. */
  loaders?(): Readonly<Record<string, LoaderRequest>>;
  /**
   * Once, when networks and optimizers exist: reference batches, extra networks and optimizers. `feeds` are what
   * {@link loaders} asked for; it is empty when the run is only sampled from and its data is not at hand.
   */
  prepare?(gan: Gan, loaders: AuxiliaryLoaders): void;
  /** Changes images (real or generated) before the discriminator sees them; differentiable. */
  augment?(images: Tensor, of: "real" | "fake", gan: Gan): Tensor;
  /** The targets of a batch of `count` for a loss that has some (label smoothing); one technique of a recipe can set them. */
  targets?(gan: Gan, count: number): LossTargets;
  /** Replaces the discriminator's loss; one technique of a recipe can do so. Returns a number. */
  discriminatorLoss?(pass: DiscriminatorPass, gan: Gan): Tensor;
  /** Added to the discriminator's loss, unless undefined. Returns a number. */
  discriminatorPenalty?(pass: DiscriminatorPass, gan: Gan): Tensor | undefined;
  /**
   * Chooses the generated rows that the generator learns from, by how real each is judged (larger is more real, [B]);
   * null for all. `labels` are the classes that they were made for (int64 [B]), where the data has classes. One technique
   * of a recipe can do so.
   */
  select?(realness: Tensor, gan: Gan, labels: Tensor | undefined): Selection | null;
  /** Replaces the generator's loss; one technique of a recipe can do so. Returns a number. */
  generatorLoss?(pass: GeneratorPass, gan: Gan): Tensor;
  /** Added to the generator's loss, unless undefined. Returns a number. */
  generatorPenalty?(pass: GeneratorPass, gan: Gan): Tensor | undefined;
  /** Amends a player's gradients (in the order of its parameters) before the update. */
  gradients?(player: Player, gradients: readonly Tensor[], gan: Gan): readonly Tensor[];
  /** After the generator's update: an update of networks of the technique's own. */
  extraUpdate?(pass: GeneratorPass, gan: Gan): void;
  /** The last word after each update of a player. */
  afterStep?(player: Player, gan: Gan): void;
  /**
   * Runs `sample` with the generator as it should be sampled from (averaged weights, standing statistics). The first
   * technique of a recipe is the outermost. The run's random streams stand afterwards where they stood before.
   */
  sampler?<T>(sample: () => T): T;
  /** Numbers to log beside the losses; those that are not finite are left out. */
  report?(): Readonly<Record<string, number>>;
  /** What a checkpoint keeps; needs {@link load} as well. */
  state?(): TechniqueState;
  /** Takes over what {@link state} gave, after {@link prepare}. */
  load?(state: TechniqueState): void;
  /** Frees what it has kept beyond {@link state}, when the run ends. */
  dispose?(): void;
}

/**
 * Defines a technique: its kind, the zod schema of its options, and a function that makes the {@link Technique} from them
 * and the {@link TechniqueContext}.
 *
 * @example
 * const noise = defineTechnique("noise", z.strictObject({ std: z.number().default(0.1) }), ({ std }, { rng }) => ({
 *   name: "noise",
 *   augment: (images) => images.add(Tensor.randnLike(images, rng).mul(std)),
 * }));
 */
export const defineTechnique = definer<"technique", TechniqueContext, Technique>("technique");

/**
 * Technique: a trick as a value that plugs into the training step. Every hook is optional; the step asks each technique
 * in the order of the recipe and never knows which one it holds.
 */
import type { Descriptor } from "../base/descriptor.ts";
import type { BatchFeed } from "../data/feed.ts";
import type { Loss } from "../losses/index.ts";
import type { DiscriminatorNetwork, GeneratorNetwork, Judgement, ModelContext } from "../models/index.ts";
import type { Optimizer } from "../optim/index.ts";
import type { Generator, Tensor } from "../tensor/index.ts";

/** The two sides of the game. */
export type Player = "generator" | "discriminator";

/** The networks as a recipe describes them, before they are built. */
export interface NetworkDescriptors {
  readonly generator: Descriptor<"generator", ModelContext, GeneratorNetwork>;
  readonly discriminator: Descriptor<"discriminator", ModelContext, DiscriminatorNetwork>;
}

/** What a technique knows when it is built; nothing else exists yet. */
export interface TechniqueContext {
  readonly batchSize: number;
  /** Classes of the data; 0 when it has none. */
  readonly classes: number;
  readonly device: string;
  /** A stream of this technique's own, which checkpoints keep. */
  readonly random: Generator;
}

/** How far the run has come. */
export interface Progress {
  /** Generator updates done. */
  readonly step: number;
  /** Passes over the data done, with a fraction. */
  readonly epoch: number;
}

/** The built game, as techniques see it. */
export interface Game {
  readonly generator: GeneratorNetwork;
  readonly discriminator: DiscriminatorNetwork;
  readonly loss: Loss;
  readonly optimizers: Readonly<Record<Player, Optimizer>>;
  readonly feed: BatchFeed;
  readonly progress: Progress;
  /** New latents [count, latent] from the run's stream. */
  latents(count: number): Tensor;
}

/** One discriminator update in the making. */
export interface DiscriminatorPass {
  /** Real images [B, ...] as the discriminator sees them. */
  readonly real: Tensor;
  /** Generated images [B, ...], without a graph. */
  readonly fake: Tensor;
  readonly realLabels: Tensor | undefined;
  readonly fakeLabels: Tensor | undefined;
  readonly judgedReal: Judgement;
  readonly judgedFake: Judgement;
  /** A further look that leaves the discriminator's carried state (spectral norm, batch norm) alone. */
  judge(images: Tensor, labels?: Tensor): Judgement;
}

/** One generator update in the making. */
export interface GeneratorPass {
  readonly latents: Tensor;
  readonly labels: Tensor | undefined;
  /** Generated images [B, ...], with the generator's graph. */
  readonly fake: Tensor;
  readonly judged: Judgement;
  /** The rows that were selected (int64 [k]), or null for all. */
  readonly rows: Tensor | null;
  /** A further look that leaves the discriminator's carried state alone. */
  judge(images: Tensor, labels?: Tensor): Judgement;
}

/** What a checkpoint keeps of a technique: live tensors by name, and numbers. */
export interface TechniqueState {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly numbers: Readonly<Record<string, number>>;
}

/** The hooks, in the order in which a run meets them. */
export interface Technique {
  /** The kind of its descriptor: names it in errors, overrides and checkpoints. */
  readonly name: string;
  /** Amends the networks' descriptions before they are built. */
  networks?(networks: NetworkDescriptors): NetworkDescriptors;
  /** Once, when networks and optimizers exist: reference batches, extra networks and optimizers. */
  prepare?(game: Game): void;
  /** Changes images (real or generated) before the discriminator sees them; differentiable. */
  augment?(images: Tensor, of: "real" | "fake"): Tensor;
  /** The target for real images of a loss that has one (label smoothing). */
  realTargets?(): number;
  /** Replaces the discriminator's loss; two techniques that do so cannot stand in one recipe. Returns a number. */
  discriminatorLoss?(pass: DiscriminatorPass, game: Game): Tensor;
  /** Added to the discriminator's loss. */
  discriminatorPenalty?(pass: DiscriminatorPass, game: Game): Tensor;
  /**
   * Chooses the generated rows that the generator learns from, by how real each is judged (larger is more real, [B]):
   * int64 row numbers, or null for all.
   */
  select?(realness: Tensor, game: Game): Tensor | null;
  /** Replaces the generator's loss; two techniques that do so cannot stand in one recipe. Returns a number. */
  generatorLoss?(pass: GeneratorPass, game: Game): Tensor;
  /** Added to the generator's loss. */
  generatorPenalty?(pass: GeneratorPass, game: Game): Tensor;
  /** Amends a player's gradients (in the order of its parameters) before the update. */
  gradients?(player: Player, gradients: readonly Tensor[], game: Game): readonly Tensor[];
  /** An update of the technique's own networks, after the generator's. */
  extraUpdate?(game: Game): void;
  /** After a player's update. */
  afterStep?(player: Player, game: Game): void;
  /** Runs `sample` with the generator as it should be sampled from (averaged weights, standing statistics). */
  sampler?<T>(sample: () => T): T;
  /** Numbers to log beside the losses. */
  report?(): Readonly<Record<string, number>>;
  /** What a checkpoint keeps. */
  state?(): TechniqueState;
  /** Takes over what {@link state} gave. */
  load?(state: TechniqueState): void;
}

/**
 * Technique: a trick as a value that plugs into the training step. All hooks are optional. The step calls each
 * technique in the order of the recipe and never knows which one it holds.
 */
import type { z } from "zod";
import { type Descriptor, definer } from "../base/descriptor.ts";
import type { DataLoader, LoaderRequest } from "../data/index.ts";
import type { Loss, LossTargets } from "../losses/index.ts";
import type { DiscriminatorNetwork, DiscriminatorOutput, GeneratorNetwork, ModelContext } from "../models/index.ts";
import type { Optimizer } from "../optim/index.ts";
import type { Generator, Tensor } from "../tensor/index.ts";

/** The two networks of a GAN. */
export type Player = "generator" | "discriminator";

/** Both of them, in the order in which techniques go through them. */
export const PLAYERS = ["generator", "discriminator"] as const satisfies readonly Player[];

/** The networks as a recipe describes them, before they are built. */
export interface NetworkDescriptors {
  readonly generator: Descriptor<"generator", ModelContext, GeneratorNetwork>;
  readonly discriminator: Descriptor<"discriminator", ModelContext, DiscriminatorNetwork>;
}

/** What a technique knows when it is made. `rng` is a random stream of its own, which checkpoints keep. */
export interface TechniqueContext extends ModelContext {
  readonly batchSize: number;
}

/** How far the run was when the present step began. */
export interface Progress {
  /** Updates of G done. */
  readonly step: number;
  /** Passes of D over the data done, with a fraction. */
  readonly epoch: number;
  /** Real images that D has been trained on, counted with repetition. */
  readonly images: number;
}

/** The GAN in training, as techniques see it: networks, loss, optimizers, progress, and draws of z and of labels. */
export interface Gan {
  readonly generator: GeneratorNetwork;
  readonly discriminator: DiscriminatorNetwork;
  readonly loss: Loss;
  readonly optimizers: Readonly<Record<Player, Optimizer>>;
  readonly progress: Progress;
  /** Whether the networks began with the weights of another run, which no initialisation may replace. */
  readonly hasGivenWeights: boolean;
  /** New latents z [count, latent] from the run's random stream, or from `random`. */
  latents(count: number, random?: Generator): Tensor;
  /**
   * New labels int64 [count] for generated samples, as the recipe distributes them; of data with conditions those of real
   * samples, float [count, conditions]; undefined when the data has neither.
   */
  labels(count: number, random?: Generator): Tensor | undefined;
}

/** The auxiliary loaders that a technique asked for in {@link Technique.loaders}, by its names. */
export type AuxiliaryLoaders = Readonly<Record<string, DataLoader>>;

/** Images of D's update: as D sees them, or before any augmentation. */
export type InputPlace = "real" | "fake" | "rawReal" | "rawFake";

/** What both updates offer. */
interface Pass {
  /**
   * D(x) in a pass that leaves D's statistics (spectral norm, batch norm) alone. Images of the data and of G go through
   * {@link augment} first.
   */
  discriminate(images: Tensor, labels?: Tensor): DiscriminatorOutput;
  /** G(z) in a pass that leaves G's statistics alone. */
  generate(latents: Tensor, labels?: Tensor): Tensor;
  /**
   * Where a technique takes gradients of D's scores itself, it differentiates this number times the scores and divides the
   * gradients by it: the loss scale of float16 (`GradScaler`), otherwise 1.
   */
  readonly lossScale: number;
  /** Images as D is to see them: the result of all {@link Technique.augment} hooks, with new draws. */
  augment(images: Tensor, of: "real" | "fake"): Tensor;
}

/** One update of D. */
export interface DiscriminatorPass extends Pass {
  /** The number of this update, from 0, counted over the run. */
  readonly update: number;
  /** Real images x [B, ...] as D sees them. */
  readonly real: Tensor;
  /** Generated images G(z) [B, ...] as D sees them, without a graph. */
  readonly fake: Tensor;
  /** Both before any augmentation. */
  readonly rawReal: Tensor;
  readonly rawFake: Tensor;
  /** z [B, latent]. */
  readonly latents: Tensor;
  readonly realLabels: Tensor | undefined;
  readonly fakeLabels: Tensor | undefined;
  /** D(x). */
  readonly realOutput: DiscriminatorOutput;
  /** D(G(z)). */
  readonly fakeOutput: DiscriminatorOutput;
  /**
   * dD(x)/dx [B, ...] at the images {@link real} or {@link fake}, or at {@link rawReal} or {@link rawFake} through the
   * augmentation; differentiable with respect to D's weights. It comes from the graph of {@link realOutput} and
   * {@link fakeOutput}, of which it is the gradient of the scores' sum: each sample's own where D does not couple samples.
   *
   * @throws UserError when no technique named these images in {@link Technique.inputGradients}.
   */
  inputGradient(of: InputPlace): Tensor;
  /**
   * How {@link real} or {@link fake} changes when the images before the augmentation change by `change` [B, ...], with the
   * same draws of the augmentation: exact where that is affine in the images, else up to the square of the change.
   *
   * @throws UserError when no technique declares `throughAugmentation`.
   */
  augmentedChange(of: "real" | "fake", change: Tensor): Tensor;
  /**
   * What {@link Technique.targets} returned, for a replaced loss to use as well; undefined for the loss's usual
   * targets.
   */
  readonly targets: LossTargets | undefined;
}

/** A batch of real images in G's update. */
export interface RealBatch {
  /** x [B, ...] as D sees them. */
  readonly images: Tensor;
  /** The same before any augmentation. */
  readonly raw: Tensor;
  readonly labels: Tensor | undefined;
  /** D(x), without a graph. Row i makes a pair with row i of {@link GeneratorPass.fakeOutput}. */
  readonly output: DiscriminatorOutput;
  /** Its rows that make pairs with {@link GeneratorPass.selectedOutput}. */
  readonly selectedOutput: DiscriminatorOutput;
}

/** One update of G. */
export interface GeneratorPass extends Pass {
  /** z [B, latent]. */
  readonly latents: Tensor;
  readonly labels: Tensor | undefined;
  /** Generated images G(z) [B, ...] as D sees them, with the graph that leads to G's weights. */
  readonly fake: Tensor;
  /** The same before any augmentation. */
  readonly rawFake: Tensor;
  /** D(G(z)) of the whole batch. */
  readonly fakeOutput: DiscriminatorOutput;
  /** The rows that {@link Technique.select} chose, int64 [k]; null for all. */
  readonly rows: Tensor | null;
  /** D(G(z)) of these rows: what G's loss is made of, a replaced one too. */
  readonly selectedOutput: DiscriminatorOutput;
  /**
   * A new batch of real images, from an auxiliary loader of its own. It is drawn at the first call; later calls in the
   * same update return it again.
   *
   * @throws UserError when neither the loss nor any technique declares `pairs`.
   */
  real(): RealBatch;
  /**
   * Gradients of a number that depends on the generated images with respect to G's weights, in their order; null for a
   * weight that it does not depend on. `grad` cannot give them where the batch is computed in micro-batches.
   */
  gradientsOf(value: Tensor): readonly (Tensor | null)[];
}

/** The generated rows that G learns from. */
export interface Selection {
  /** Row numbers, int64 [k]. */
  readonly rows: Tensor;
  /** G's loss, the mean over these rows, is multiplied by it. */
  readonly factor: number;
  /** The loss of each row is multiplied by its weight before the mean; default: 1. A technique that replaces G's loss has none. */
  readonly weights?: Tensor;
}

/** What a checkpoint keeps of a technique: live tensors by name, and numbers. All must be finite. */
export interface TechniqueState {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly numbers: Readonly<Record<string, number>>;
}

/**
 * How a technique goes into a step that is captured and replayed (the recipe's `graph`). A replay calls no hooks: what a hook counts
 * goes through `eachStep`, numbers that follow a schedule through `hostNumber`.
 */
export interface GraphCapture {
  /** Why it cannot be captured: ends the sentence "`graph` (=true) cannot be with `<name>`: ". */
  readonly refused?: string;
  /**
   * All other numbers on the host that are different in some steps (whether a penalty is due, k) and choose operators, sizes or
   * constants of the coming step, whose updates of D have the numbers `updates`. For others the step is captured again.
   */
  readonly key?: (updates: readonly number[], gan: Gan) => readonly number[];
}

/**
 * A name, what the technique declares, and the hooks that it needs. docs/reference/hooks.md says when each is called. Tensors
 * made in a hook are freed when the step ends. What must live longer goes through `keep`, and into
 * {@link Technique.state}.
 */
export interface Technique {
  /** The kind of its descriptor: its name in errors, overrides and checkpoints. */
  readonly name: string;
  /** The option to set where it counts epochs and the data has none; such a recipe is refused. */
  readonly insteadOfEpochs?: string | undefined;
  /** Whether it calls {@link GeneratorPass.real}. */
  readonly pairs?: boolean;
  /** Whether it calls {@link DiscriminatorPass.augmentedChange}. */
  readonly throughAugmentation?: boolean;
  /**
   * Techniques that cannot be in the same recipe, by name, and why: ends the sentence "... cannot stand in one recipe:
   * ".
   */
  readonly without?: Readonly<Record<string, string>>;
  /**
   * Techniques that must stand before it in a recipe, by name, and why: ends the sentence "... must stand after ...: ".
   */
  readonly after?: Readonly<Record<string, string>>;
  /** Whose averaged weights its {@link sampler} puts in place. The protocol of scores names it. */
  readonly averages?: readonly Player[];
  /** The batches from which its {@link sampler} takes statistics. The protocol of scores names them. */
  readonly standing?: { readonly batches: number; readonly batchSize: number };
  /** Steps between two calls of {@link snapshot}. */
  readonly snapshotEvery?: number;
  /** How it is captured; without it a recipe with `graph` is refused. */
  readonly graph?: GraphCapture;
  networks?(networks: NetworkDescriptors): NetworkDescriptors;
  loaders?(): Readonly<Record<string, LoaderRequest>>;
  /** `loaders` is empty when the run is only sampled from, without its data. */
  prepare?(gan: Gan, loaders: AuxiliaryLoaders): void;
  /** `last` is the progress when the run's last step begins; its epoch is 0 for data that has none. */
  notes?(last: Progress): readonly string[];
  /** `update` is {@link DiscriminatorPass.update}. */
  inputGradients?(update: number, gan: Gan): readonly InputPlace[];
  augment?(images: Tensor, of: "real" | "fake", gan: Gan): Tensor;
  targets?(gan: Gan, count: number): LossTargets;
  discriminatorLoss?(pass: DiscriminatorPass, gan: Gan): Tensor;
  discriminatorPenalty?(pass: DiscriminatorPass, gan: Gan): Tensor | undefined;
  /**
   * `realness` [B] is larger for scores that are more real; `labels` int64 [B] are the classes of the generated images, or
   * float [B, D] their conditions.
   */
  select?(realness: Tensor, gan: Gan, labels: Tensor | undefined): Selection | null;
  generatorLoss?(pass: GeneratorPass, gan: Gan): Tensor;
  generatorPenalty?(pass: GeneratorPass, gan: Gan): Tensor | undefined;
  /** `gradients` are in the order of the player's parameters. */
  gradients?(player: Player, gradients: readonly Tensor[], gan: Gan): readonly Tensor[];
  extraUpdate?(pass: GeneratorPass, gan: Gan): void;
  afterStep?(player: Player, gan: Gan): void;
  sampler?<T>(sample: () => T): T;
  report?(): Readonly<Record<string, number>>;
  /** Live tensors by name; needs {@link snapshotEvery}. */
  snapshot?(): ReadonlyMap<string, Tensor>;
  state?(): TechniqueState;
  load?(state: TechniqueState): void;
  dispose?(): void;
}

/** The members of a technique that are functions. */
export type Hook = {
  [K in keyof Technique]-?: NonNullable<Technique[K]> extends (...args: never[]) => unknown ? K : never;
}[keyof Technique];

/** The description of a hook. */
export interface HookEntry {
  /** When it is called. */
  readonly when: string;
  /** What it does. */
  readonly does: string;
  /** Set where only one technique of a recipe may have it: what two of them would both do. */
  readonly exclusive?: string;
}

/**
 * The hooks, in the order in which a run calls them. Unknown hooks are refused by this table, two techniques with an
 * `exclusive` one too, and docs/reference/hooks.md is made of it. A new hook is its line in {@link Technique}, its entry here,
 * and the place that calls it.
 */
export const HOOKS: Readonly<Record<Hook, HookEntry>> = {
  networks: { when: "once, before building", does: "changes the networks' descriptions" },
  loaders: { when: "once", does: "asks for auxiliary loaders, by names of its choice" },
  prepare: { when: "once, when everything is built", does: "makes networks of its own, draws reference batches" },
  notes: { when: "once, when training begins", does: "returns sentences that the run tells its user" },
  inputGradients: {
    when: "D's update, before its images are augmented",
    does: "names the images (real, fake, rawReal, rawFake) at which `pass.inputGradient` is to give D's gradient",
  },
  augment: { when: "whenever images go to D", does: "returns changed images; must be differentiable" },
  targets: {
    when: "D's update",
    does: "returns the targets of real and generated images (label smoothing)",
    exclusive: "set the targets of real and generated images",
  },
  discriminatorLoss: {
    when: "D's update",
    does: "returns the loss in place of the recipe's, one number",
    exclusive: "replace the discriminator's loss",
  },
  discriminatorPenalty: { when: "D's update", does: "returns one number that is added to the loss, or undefined" },
  select: {
    when: "G's update",
    does: "returns the generated rows that G learns from, a factor of their mean loss, and weights of their losses if they differ; null for all",
    exclusive: "select the samples that the generator learns from",
  },
  generatorLoss: {
    when: "G's update",
    does: "returns the loss in place of the recipe's, one number",
    exclusive: "replace the generator's loss",
  },
  generatorPenalty: { when: "G's update", does: "returns one number that is added to the loss, or undefined" },
  gradients: { when: "before each update", does: "returns changed gradients" },
  extraUpdate: { when: "after G's update", does: "updates networks of its own" },
  afterStep: { when: "at the end of each update", does: "updates weight averages and counters" },
  sampler: {
    when: "when samples are drawn",
    does: "runs `sample` with G as it should be; the recipe's first is the outermost",
  },
  report: { when: "for each line of the log", does: "returns numbers to log; one that is not finite is left out" },
  snapshot: {
    when: "every `snapshotEvery` steps, and at the last",
    does: "returns tensors that the run keeps in a file of their own, in its folder `averages`",
    exclusive: "keep snapshots",
  },
  state: { when: "at a checkpoint", does: "returns the tensors and numbers to keep; needs `load`" },
  load: { when: "at a resumption, after `prepare`", does: "takes over what `state` returned" },
  dispose: { when: "when the run ends", does: "frees tensors that are not in `state`" },
};

/** What a technique declares, in the order of the interface. */
export const DECLARED: Readonly<Record<Exclude<keyof Technique, Hook>, string>> = {
  name: "its kind",
  insteadOfEpochs: "the option to set where it counts epochs and the data has none",
  pairs: "it calls `pass.real()` in G's update",
  throughAugmentation: "it calls `pass.augmentedChange` in D's update",
  without: "techniques that cannot be in the same recipe, with the reason",
  after: "techniques that must stand before it, with the reason",
  averages: "whose averaged weights its `sampler` puts in place",
  snapshotEvery: "the steps between two calls of `snapshot`",
  standing: "the batches from which its `sampler` takes statistics",
  graph: "numbers on the host for which a captured step (`graph`) is captured again, or why it cannot be captured",
};

/**
 * Defines a technique: its kind, the zod schema of its options, and a function that makes the {@link Technique} from
 * them and the {@link TechniqueContext}.
 *
 * @throws UserError when a technique that ships with Gantry has the same kind.
 *
 * @example
 * const noise = defineTechnique("noise", z.strictObject({ std: z.number().default(0.1) }), ({ std }, { rng }) => ({
 *   name: "noise",
 *   augment: (images) => images.add(Tensor.randn(images.shape, { generator: rng }).mul(std)),
 * }));
 */
export const defineTechnique: <S extends z.ZodObject>(
  kind: string,
  options: S,
  make: (options: z.output<S>, context: TechniqueContext) => Technique,
) => (options?: z.input<S>) => Descriptor<"technique", TechniqueContext, Technique> = definer<
  "technique",
  TechniqueContext,
  Technique
>("technique");

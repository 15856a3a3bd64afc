/** What a user writes for a trainer: modules, optimizers, a step and samples. */
import type { Batch } from "../../data/index.ts";
import type { ModelContext } from "../../models/index.ts";
import type { Module } from "../../nn/index.ts";
import type { Optimizer } from "../../optim/index.ts";
import type { PartTypes } from "../../recipe/index.ts";
import type { Progress } from "../../techniques/index.ts";
import type { Generator, Tensor } from "../../tensor/index.ts";
import type { DataShape } from "../step/gan.ts";
import type { StepOptimizer } from "./step-optimizer.ts";
import type { TrainerSettings } from "./trainer-settings.ts";

/** Modules by name. */
export type Modules = Readonly<Record<string, Module>>;

/** What `build` gets. It is a {@link ModelContext}, so `dcgan.generator().build(context)` builds a shipped network. */
export interface BuildModulesContext extends ModelContext {
  /** Draws the initial weights. */
  readonly rng: Generator;
  /** One sample of the data, and the names of its classes. */
  readonly data: DataShape;
  readonly batchSize: number;
}

/** What `step` gets. Tensors made in a step are freed when it ends. */
export interface StepContext<M extends Modules, K extends string> {
  /** The first batch of this step: images [B, C, S, S] in [-1, 1] or vectors [B, features], and labels. */
  readonly batch: Batch;
  /** One more batch, for several critic updates per step. */
  readonly nextBatch: () => Batch;
  readonly modules: M;
  readonly optimizers: Readonly<Record<K, StepOptimizer>>;
  /** New latents [B, latent]. */
  readonly latents: () => Tensor;
  /**
   * New labels int64 [B], each class as likely; of data with conditions those of real samples, float [B, conditions];
   * undefined when the data has neither.
   */
  readonly labels: () => Tensor | undefined;
  /** Steps and epochs done before this step. */
  readonly progress: Progress;
  /**
   * A random stream for the step. All workers draw the same numbers: draw for the whole batch, and take this worker's
   * `rows`.
   */
  readonly rng: Generator;
  /** This worker's rows of a tensor of the whole batch; with one process, all rows. */
  readonly rows: (whole: Tensor) => Tensor;
  /** Rows of the whole batch, over all workers. */
  readonly batchSize: number;
}

/** What {@link defineTrainer} takes. */
export interface TrainerDefinition<M extends Modules, K extends string> extends Omit<TrainerSettings, "optimizers"> {
  /** Builds the modules. Checkpoints keep them under these names. */
  readonly build: (context: BuildModulesContext) => M;
  /**
   * An optimizer for each module, by its name, such as `{ critic: adam({ lr: 1e-4 }) }`. Or a function of the modules,
   * for optimizers with parameters of several: `({ encoder, generator }) => ({ both: adam().build({ parameters: [...]
   * }) })`.
   */
  readonly optimizers:
    | Readonly<Record<K, PartTypes["optimizer"]>>
    | ((modules: M) => Readonly<Record<K, PartTypes["optimizer"] | Optimizer>>);
  /**
   * One step: any updates. Returns the numbers to log, tensors of one element or numbers, by the same names every time.
   */
  readonly step: (context: StepContext<M, K>) => Readonly<Record<string, Tensor | number>>;
  /**
   * Samples from latents z [N, latent]: for sample grids, `gantry sample` and scores. With a third parameter it also
   * gets labels int64 [N] where the data has classes, or conditions float [N, conditions]. Default: no samples.
   */
  readonly sample?: (context: { readonly modules: M }, z: Tensor, labels: Tensor | undefined) => Tensor;
}

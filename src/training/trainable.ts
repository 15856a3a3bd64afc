/**
 * The interface between what is trained and the loop, checkpoints, samples and scores. A recipe's GAN and a user's
 * trainer both have it.
 */
import type { Descriptor } from "../base/descriptor.ts";
import type { DataLoader } from "../data/index.ts";
import type { DiscriminatorNetwork, GeneratorNetwork } from "../models/index.ts";
import type { Module } from "../nn/index.ts";
import type { Optimizer, Schedule } from "../optim/index.ts";
import type { Recipe } from "../recipe/index.ts";
import type { Progress, Technique } from "../techniques/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { DataShape } from "./step/gan.ts";
import type { Observation, Wanted } from "./step/observation.ts";
import type { Precision } from "./step/precision.ts";
import type { RandomStreams } from "./step/random-streams.ts";

/** The keys that a recipe and a trainer have in common: data, length, and what a run writes. */
export type RunSettings = Pick<
  Recipe,
  | "name"
  | "data"
  | "schedule"
  | "batchSize"
  | "steps"
  | "epochs"
  | "seed"
  | "latentDistribution"
  | "samples"
  | "log"
  | "evaluate"
  | "checkpoint"
  | "memoryFormat"
  | "precision"
  | "graph"
  | "convolution"
  | "device"
  | "threads"
> & {
  /** Batches of real samples in a step; absent: 1. */
  readonly discriminatorSteps?: number;
  /** How a recipe describes its generator. */
  readonly generator?: Descriptor<"generator", never>;
};

/** The generator of samples. */
export interface Samplable {
  readonly recipe: RunSettings;
  readonly shape: DataShape;
  readonly step: number;
  readonly generator: Pick<GeneratorNetwork, "latent" | "takesLabels" | "forward"> & {
    train(): unknown;
    eval(): unknown;
  };
  readonly techniques: readonly Technique[];
  readonly streams: Pick<RandomStreams, "aside">;
  /** Present where one network tells real samples from generated ones, for the score `testError`. */
  readonly discriminator?: DiscriminatorNetwork;
}

/** What a checkpoint keeps. */
export interface Checkpointable {
  /** Each has a file of its own, with PyTorch's names. */
  readonly modules: Readonly<Record<string, Module>>;
  readonly optimizers: Readonly<Record<string, Optimizer>>;
  readonly techniques: readonly Technique[];
  readonly loader: DataLoader;
  readonly auxiliaryLoaders: ReadonlyMap<string, DataLoader>;
  readonly streams: RandomStreams;
  /** The scales of float16 losses. */
  readonly precision?: Pick<Precision, "scalers" | "state" | "load">;
  readonly progress: Progress;
  readonly step: number;
  /** Sets the number of steps done. */
  reach(step: number): void;
}

/** The result of one step. */
export interface StepResult {
  /** Names of the numbers, as the log has them. */
  readonly names: readonly string[];
  /** float32 [names]. The caller disposes it. */
  readonly values: Tensor;
  /** The number of real samples in the step. */
  readonly samples: number;
  /** Whether an overflow of float16 has cost an update: then its numbers need not be finite. */
  readonly skipped?: boolean;
  /** What it was asked to keep besides. The caller disposes it. */
  readonly observation?: Observation | undefined;
}

/** What the loop trains. */
export interface Trainable extends Samplable, Checkpointable {
  readonly streams: RandomStreams;
  /** False where it cannot draw samples. */
  readonly draws: boolean;
  readonly hasGivenWeights: boolean;
  /** Sets the learning rates of the coming step. */
  applySchedule(schedule: Schedule | undefined): void;
  /** One step. A recipe's keeps what is wanted for the log besides its numbers. */
  trainStep(wanted?: Wanted): StepResult;
  /** More numbers for a line of the log. */
  report(): Readonly<Record<string, number>>;
  dispose(): void;
}

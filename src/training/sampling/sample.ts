/** Drawing samples from a generator: with averaged weights or its own, with truncated latents, of one class or all. */
import { UserError } from "../../base/errors.ts";
import type { Drawing } from "../../metrics/index.ts";
import { frozenStatistics } from "../../nn/index.ts";
import { type Generator, inferenceMode, scope, Tensor } from "../../tensor/index.ts";
import { drawLatents, type LatentSource } from "../step/gan.ts";
import type { Samplable } from "../trainable.ts";
import { type ConditionValues, conditionsFor, refuseWithoutConditions } from "./conditions.ts";

/** What to draw. */
export interface SampleOptions {
  readonly count: number;
  /** The random stream of latents and labels. */
  readonly random: Generator;
  /** Through the techniques' samplers (averaged weights, if the run keeps them), or with the plain weights. */
  readonly averaged: boolean;
  /** Latents beyond this absolute value are drawn again (Brock et al. 2019, section 3.1); default: none. */
  readonly truncation?: number | undefined;
  /** One class for all samples; default: all in turn. */
  readonly classIndex?: number | undefined;
  /** Values of conditions for all samples; default: those of real samples, drawn. */
  readonly condition?: ConditionValues | undefined;
  /** Number of the first sample, where all classes come in turn; default 0. */
  readonly first?: number | undefined;
  /** Latents [count, latent], and labels where the data has classes, to draw from in place of new ones. */
  readonly inputs?: SampleInputs | undefined;
  /**
   * `eval` (default), or `train`: batch norm takes the statistics of each batch of {@link SAMPLE_BATCH}. The last batch is
   * drawn whole, and only as many samples of it are taken as are wanted.
   */
  readonly mode?: "eval" | "train" | undefined;
}

/** The inputs of a generator. */
export interface SampleInputs {
  /** [N, latent] */
  readonly latents: Tensor;
  /** int64 [N], shares of the classes, float [N, classes], or conditions, float [N, D]; undefined where there are none. */
  readonly labels: Tensor | undefined;
}

const CONDITIONS_INSTEAD = "conditions in place of classes; `condition` sets them by name, as in smiling=1";

/** Samples per batch. It bounds the memory, and `train` mode normalises these samples together. */
export const SAMPLE_BATCH = 64;

/**
 * Latents [N, latent] truncated: entries beyond the threshold are drawn again until they are within it. Normal latents,
 * or less truncated ones, become truncated normal.
 *
 * @throws UserError unless the threshold is above 0 (and large enough to be hit in reasonable time).
 */
export function truncateLatents(gan: LatentSource, given: Tensor, random: Generator, threshold: number): Tensor {
  if (!(threshold >= 0.01)) {
    throw new UserError(`truncation (=${threshold}) must be a number of at least 0.01, in standard deviations`);
  }
  const count = given.shape[0]!;
  let latents = given;
  for (let outside = latents.abs().gt(threshold); outside.any().item() === 1; outside = latents.abs().gt(threshold)) {
    latents = Tensor.where(outside, drawLatents(gan, count, random), latents);
  }
  return latents;
}

/** Latents [count, latent], truncated where there is a threshold. */
export function newLatents(gan: LatentSource, count: number, random: Generator, truncation?: number): Tensor {
  const drawn = drawLatents(gan, count, random);
  return truncation === undefined ? drawn : truncateLatents(gan, drawn, random, truncation);
}

/**
 * Samples: images [count, C, S, S] in [-1, 1], or vectors. Training's random streams do not change.
 *
 * @throws UserError when an option does not fit the run.
 */
export function drawSamples(gan: Samplable, options: SampleOptions): Tensor {
  const { count, random, averaged, truncation, classIndex, condition, first = 0, inputs, mode = "eval" } = options;
  if (!Number.isInteger(count) || count < 1) throw new UserError(`count (=${count}) must be a whole number above 0`);
  const classes = gan.shape.classes.length;
  if (classIndex !== undefined && !(Number.isInteger(classIndex) && classIndex >= 0 && classIndex < classes)) {
    throw new UserError(
      classes === 0
        ? `class (=${classIndex}): this run's data has ${gan.shape.conditions === undefined ? "no classes" : CONDITIONS_INSTEAD}`
        : `class (=${classIndex}) must be a number from 0 to ${classes - 1}`,
    );
  }
  if (classIndex !== undefined) refuseBlind(gan, `class (=${classIndex})`);
  if (condition !== undefined) refuseWithoutConditions(gan, condition);
  const generate = (): Tensor => {
    const chunks: Tensor[] = [];
    for (let done = 0; done < count; done += SAMPLE_BATCH) {
      const size = Math.min(SAMPLE_BATCH, count - done);
      // A smaller batch would be normalised otherwise than the rest, and one of a single sample cannot be.
      const drawn = mode === "train" ? SAMPLE_BATCH : size;
      chunks.push(
        scope(() => {
          const latents = inputs?.latents.narrow(0, done, size) ?? newLatents(gan, drawn, random, truncation);
          const labels = inputs ? inputs.labels?.narrow(0, done, size) : labelsFor(gan, first + done, drawn, options);
          return gan.generator.forward(latents, labels).narrow(0, 0, size);
        }),
      );
    }
    return chunks.length === 1 ? chunks[0]! : Tensor.cat(chunks);
  };
  return asSampled(gan, { averaged, mode }, generate);
}

/**
 * Runs `body` in the state in which samples are drawn: in evaluation mode unless `mode` says otherwise, inside the samplers
 * if `averaged`, without gradients, and without a change to training's random streams and statistics.
 */
export function asSampled<T>(
  gan: Samplable,
  { averaged, mode = "eval" }: Pick<SampleOptions, "averaged" | "mode">,
  body: () => T,
): T {
  const chain = averaged ? () => throughSamplers(gan, body) : body;
  if (mode === "eval") gan.generator.eval();
  try {
    return gan.streams.aside(() => inferenceMode(() => frozenStatistics(() => scope(chain))));
  } finally {
    gan.generator.train();
  }
}

/** Runs `body` inside all samplers of the techniques, the first the outermost: with averaged weights, for example. */
export function throughSamplers<T>({ techniques }: Pick<Samplable, "techniques">, body: () => T): T {
  const sampling = techniques.filter((technique) => technique.sampler);
  return sampling.reduceRight<() => T>((inner, technique) => () => technique.sampler!(inner), body)();
}

/** The text of a score's protocol about samples that are drawn with or without the samplers. */
export function samplingOf(
  { techniques }: Pick<Samplable, "techniques">,
  throughThem: boolean,
  mode: Drawing["mode"],
): Pick<Drawing, "averaged" | "mode" | "standing"> {
  const sampling = techniques.filter(({ sampler }) => throughThem && sampler);
  const standing = mode === "eval" ? sampling.find((technique) => technique.standing)?.standing : undefined;
  const averaged = sampling.some(({ averages }) => averages?.includes("generator"));
  return { averaged, mode, ...(standing === undefined ? {} : { standing }) };
}

/** @throws UserError when samples of a certain class are asked of a generator that does not look at labels. */
export function refuseBlind({ generator, recipe, shape }: Samplable, wanted: string): void {
  if (shape.classes.length > 0 && generator.takesLabels !== "none") return;
  if (shape.conditions !== undefined) {
    throw new UserError(`${wanted}: this run's data has ${CONDITIONS_INSTEAD}`);
  }
  const conditional = recipe.generator?.options.conditional;
  const remedy =
    conditional === false && shape.classes.length > 0
      ? "; to have them, train with --set generator.conditional=true --set discriminator.conditional=true"
      : "";
  throw new UserError(`${wanted}: the generator of this run was trained without classes${remedy}`);
}

/** Labels of the samples from number `first` on: one class, or all in turn; or conditions of real samples. */
export function labelsFor(
  gan: Samplable,
  first: number,
  count: number,
  { classIndex: only, condition, random }: Pick<SampleOptions, "classIndex" | "condition" | "random">,
): Tensor | undefined {
  const { conditions } = gan.shape;
  if (conditions !== undefined) {
    return conditionsFor(conditions, count, random, condition).to({ device: gan.recipe.device });
  }
  const classes = gan.shape.classes.length;
  if (classes === 0) return undefined;
  const labels = Array.from({ length: count }, (_, i) => BigInt(only ?? (first + i) % classes));
  return Tensor.fromArray(BigInt64Array.from(labels)).to({ device: gan.recipe.device });
}

/**
 * How labels enter networks: as classes, or as conditions, which are several numbers for each sample. Where a class has a row
 * of a table, conditions have a linear map. For a one-hot vector the two are the same.
 */
import { UserError } from "../base/errors.ts";
import { classTable, Embedding, type Initialiser, Linear, type WeightedModule, zeros } from "../nn/index.ts";
import { Tensor } from "../tensor/index.ts";
import type { ModelContext } from "./context.ts";
import { ofLabels } from "./label-weights.ts";

/**
 * z with the label appended as a one-hot vector, [B, latent + classes] (Mirza and Osindero 2014); shares of classes and
 * conditions are appended as they are.
 *
 * @throws UserError when there are no labels.
 */
export function appendLabels(z: Tensor, labels: Tensor | undefined, classes: number): Tensor {
  return Tensor.cat([z, sharesOf(requireLabels(labels), classes).to({ dtype: z.dtype })], 1);
}

/**
 * Labels int64 [B] as shares of the classes, [B, classes]: 1 for its class. Shares and conditions are returned as they are.
 */
export function sharesOf(labels: Tensor, classes: number): Tensor {
  return labels.ndim === 2 ? labels : labels.oneHot(classes).float();
}

/**
 * The labels, if they were given.
 * @throws UserError when not.
 */
export function requireLabels(labels: Tensor | undefined): Tensor {
  if (labels === undefined) throw new UserError("a conditional network needs labels, and none were given");
  return labels;
}

/** Options of {@link labelEmbedding}. */
export interface LabelEmbeddingOptions {
  /** Whether the map of conditions has a bias: without one, a sample whose conditions are all 0 is told nothing. */
  readonly bias: boolean;
  /** Draws the weights; default PyTorch's. */
  readonly init?: Initialiser | undefined;
  readonly biasInit?: Initialiser | undefined;
}

/**
 * Maps labels to vectors [B, features]: a row of a table for each class, or a linear map of the conditions.
 *
 * @param width - the number of classes, or of conditions
 */
export function labelEmbedding(
  context: ModelContext,
  width: number,
  features: number,
  { bias, init, biasInit }: LabelEmbeddingOptions,
): WeightedModule {
  const begin = init === undefined ? {} : { init };
  if (!context.conditions) return new Embedding(context, width, features, begin);
  const options = { ...begin, bias, ...(biasInit === undefined ? {} : { biasInit }) };
  return ofLabels(new Linear(context, width, features, options), 1);
}

/**
 * Makes the gain and the bias of a conditional batch norm: two tables of the classes, or two linear maps of the conditions,
 * which begin at 0 unless `init` says otherwise.
 */
export function labelTables(
  context: ModelContext,
  width: number,
  channels: number,
  init: Initialiser = zeros,
): () => WeightedModule {
  if (!context.conditions) return classTable(context, width, channels, init);
  return () => ofLabels(new Linear(context, width, channels, { init, biasInit: zeros }), 1);
}

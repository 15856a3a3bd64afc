/**
 * Lazy regularisation (Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN", section 3.1): a
 * penalty is computed in every n-th update of D only, with n times its weight, and so has the same mean.
 */
import { whole } from "./options.ts";

/** The option `every` of a penalty. */
export const lazily = { every: whole(1).default(1) };

/** Whether an update of D, counted over the run from 0, has the penalty. */
export const isDue = (update: number, every: number): boolean => update % every === 0;

/** The same of each of several updates, 0 or 1. */
export const dueIn = (updates: readonly number[], every: number): readonly number[] =>
  updates.map((update) => Number(isDue(update, every)));

/** Schemas of options that several networks have, and what they mean. */
import { z } from "zod";
import { INITIALISERS, type Initialiser, type InitialiserName, initialiserOf, normal, zeros } from "../nn/index.ts";

export const count = z.int("must be a whole number").positive("must be above 0");
/** A whole number from 0. */
export const countOrNone = z.int("must be a whole number").min(0, "must not be negative");
export const probability = z.number().min(0, "must be at least 0").lt(1, "must be below 1");
export const initialiser = z.enum(INITIALISERS);

/** Standard deviation of biases that are drawn from a normal distribution. */
export const biasDeviation = z.number("must be a standard deviation").positive("must be above 0").optional();

/** How layers begin: biases at 0 with every initialiser but PyTorch's default, or from N(0, biasStd^2) where it is given. */
export function beginningOf(name: InitialiserName, biasStd?: number): { init?: Initialiser; biasInit?: Initialiser } {
  const bias = biasStd === undefined ? undefined : normal(biasStd);
  if (name === "default") return bias === undefined ? {} : { biasInit: bias };
  return { init: initialiserOf(name), biasInit: bias ?? zeros };
}

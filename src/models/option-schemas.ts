/** Schemas of options that several networks have, and what they mean. */
import { z } from "zod";
import { INITIALISERS, type Initialiser, type InitialiserName, initialiserOf, zeros } from "../nn/index.ts";

export const count = z.int("must be a whole number").positive("must be above 0");
/** A whole number from 0. */
export const countOrNone = z.int("must be a whole number").min(0, "must not be negative");
export const probability = z.number().min(0, "must be at least 0").lt(1, "must be below 1");
export const initialiser = z.enum(INITIALISERS);

/** How layers begin: biases at 0 with every initialiser but PyTorch's default. */
export function beginningOf(name: InitialiserName): { init?: Initialiser; biasInit?: Initialiser } {
  return name === "default" ? {} : { init: initialiserOf(name), biasInit: zeros };
}

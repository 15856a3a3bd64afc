/** Schemas of options that several networks have. */
import { z } from "zod";
import { INITIALISERS } from "../nn/index.ts";

export const count = z.int("must be a whole number").positive("must be above 0");
export const probability = z.number().min(0, "must be at least 0").lt(1, "must be below 1");
export const initialiser = z.enum(INITIALISERS);

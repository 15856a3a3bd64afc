/** The record of the oracle experiment on one run. */
import { z } from "zod";
import { setupFields, updates } from "./setup.ts";

/** The rules by which the generator is updated. */
export const methods = ["gradient", "optimizer"] as const;

/** One of {@link methods}. */
export type Method = (typeof methods)[number];

export const QUARTERS = 4;

const ring = z.strictObject({
  mean: z.number().nullable(),
  halfWidth: z.number().nullable(),
  count: z.int(),
  batches: z.int(),
});

export const oracleSchema = z.strictObject({
  format: z.literal(1),
  /** The run that the snapshots are of. */
  run: z.strictObject({
    modes: z.int(),
    update: z.enum(updates),
    ...setupFields,
    seed: z.int(),
    optimizer: z.string(),
  }),
  batchSize: z.int(),
  /** The share of the batch that the update "top" is made of; "bottom" is the rest. */
  kept: z.number().default(0.5),
  /** Rows of the update "top". */
  k: z.int(),
  /** Batches of each snapshot. */
  batches: z.int(),
  /** Learning rate of the plain gradient step. */
  lr: z.number(),
  /**
   * By snapshot, rule and rows; each has a number for each ring, null where it is not known: of the batch's samples, and
   * of as many samples from fresh latents (records of version 0.1 have none).
   */
  cosines: z.array(
    z.strictObject({
      step: z.int(),
      method: z.enum(methods),
      update: z.enum(updates),
      rings: z.array(ring),
      fresh: z.array(ring).optional(),
    }),
  ),
  /**
   * By snapshot, the rank of each ring's samples in the discriminator's order of their batch: how many in the quarter
   * that it rates most real, in the next two, and in the last.
   */
  quarters: z.array(z.strictObject({ step: z.int(), rings: z.array(z.array(z.int()).length(QUARTERS)) })),
});

/** The result of the experiment on one run. */
export type OracleRecord = z.output<typeof oracleSchema>;

/** A number as a record holds it: null where it is not known. */
export const knownOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** The rows of the two parts of a batch: the share `kept` and the rest, both rounded down. */
export function partsOf(size: number, kept: number): { readonly top: number; readonly bottom: number } {
  // Removes the error of binary fractions: a tenth of 10 is 1.
  const rows = (share: number) => Math.floor(Number((share * size).toPrecision(12)));
  return { top: rows(kept), bottom: rows(1 - kept) };
}

/** Score: a number with its name, its spread and the protocol it was measured under. */
import { z } from "zod";
import type { FeatureNetwork } from "./features/feature-network.ts";
import type { Protocol } from "./protocol.ts";

/** A measured score. */
export interface Score {
  /** `fid` for Inception's features; `fid@mnist-classifier` for those of another network. */
  readonly name: string;
  readonly value: number;
  /** Standard deviation, where there are several values. */
  readonly std?: number | undefined;
  /** The values of `std`: "10 splits", "3 seeds". */
  readonly over?: string | undefined;
  readonly better: "lower" | "higher";
  /** The values at several numbers of images that an extrapolated score is made from. */
  readonly points?: readonly (readonly [count: number, value: number])[] | undefined;
  readonly protocol: Protocol;
}

/** The name of a metric's number. It has the network's name unless the features are Inception's. */
export function scoreName(metric: string, network: Pick<FeatureNetwork, "name">): string {
  return network.name === "inception" ? metric : `${metric}@${network.name}`;
}

/** Whether a is the better one of two values of a score. */
export function isBetter(better: Score["better"], a: number, b: number): boolean {
  return better === "lower" ? a < b : a > b;
}

/**
 * The scores of several evaluations that differ only in their seed as one list: mean over the seeds, and their standard
 * deviation (n - 1) as the spread. A single evaluation stays as it is.
 */
export function overSeeds(evaluations: readonly (readonly Score[])[]): Score[] {
  const [first] = evaluations;
  if (first === undefined || evaluations.length === 1) return [...(first ?? [])];
  return first.map((score, index) => {
    const same = evaluations.map((scores) => scores[index]!);
    const values = same.map(({ value }) => value);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    const protocol = { ...score.protocol, seeds: same.flatMap(({ protocol }) => protocol.seeds) };
    return {
      ...score,
      value: mean,
      std: Math.sqrt(variance),
      over: `${values.length} seeds`,
      points: undefined,
      protocol,
    };
  });
}

const drawing = z.strictObject({
  averaged: z.boolean(),
  mode: z.enum(["eval", "train"]),
  batch: z.int(),
  truncation: z.number().nullable(),
  labels: z.enum(["none", "in turn"]),
  standing: z.strictObject({ batches: z.int(), batchSize: z.int() }).optional(),
});

/** The schema of a stored score. */
export const scoreSchema = z.strictObject({
  name: z.string(),
  value: z.number(),
  std: z.number().optional(),
  over: z.string().optional(),
  better: z.enum(["lower", "higher"]),
  points: z.array(z.tuple([z.number(), z.number()])).optional(),
  protocol: z.strictObject({
    features: z.string(),
    featuresHash: z.string(),
    resizer: z.string(),
    quantiser: z.string(),
    real: z.strictObject({ name: z.string(), count: z.int(), hash: z.string() }).nullable(),
    fakeCount: z.int(),
    drawing: drawing.nullable(),
    options: z.record(z.string(), z.unknown()),
    seeds: z.array(z.int()),
  }),
});

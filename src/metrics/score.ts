/** Score: a number with its name, its spread and the protocol it was measured under. */
import { z } from "zod";
import type { FeatureNetwork } from "./features/feature-network.ts";
import type { Metric } from "./metric.ts";
import { type Protocol, protocolSchema } from "./protocol.ts";

/** The schema of a stored {@link Score}. */
export const scoreSchema = z.strictObject({
  /** `fid` for Inception's features; `fid@mnist-classifier` for those of another network. */
  name: z.string(),
  /** NaN where it is undefined, as of distances that are all 0. JSON, which has no NaN, says null. */
  value: z.union([z.number(), z.nan(), z.null()]).transform((value) => value ?? Number.NaN),
  /** Standard deviation, where there are several values. */
  std: z.number().optional(),
  /** The values of `std`: "10 splits", "3 seeds". */
  over: z.string().optional(),
  better: z.enum(["lower", "higher"]),
  /** The values at several numbers of images that an extrapolated score is made from. */
  points: z
    .array(z.tuple([z.number(), z.number()]).readonly())
    .readonly()
    .optional(),
  protocol: protocolSchema,
});

/** A measured score. */
export type Score = Readonly<z.output<typeof scoreSchema>>;

/** The name of a metric's number. It has the network's name unless the features are Inception's. */
export function scoreName(metric: string, network: Pick<FeatureNetwork, "name">): string {
  return network.name === "inception" ? metric : `${metric}@${network.name}`;
}

/** What a metric measured, as scores under a protocol. They are named after the network, where there is one. */
export function scoresOf(
  { scores, options }: Metric,
  measured: ReturnType<Metric["compute"]>,
  protocol: Protocol,
  network?: Pick<FeatureNetwork, "name">,
): Score[] {
  // What a metric's own spread is taken over.
  const [key, count] = Object.entries(options).find(([name]) => name === "splits" || name === "subsets") ?? [];
  return Object.entries(scores).map(([name, better]) => {
    const { value, std, points } = measured[name]!;
    const over = std === undefined ? undefined : key && `${String(count)} ${key}`;
    return { name: network ? scoreName(name, network) : name, value, std, over, better, points, protocol };
  });
}

/** Whether a is the better one of two values of a score. An undefined value (NaN) is better than none. */
export function isBetter(better: Score["better"], a: number, b: number): boolean {
  if (Number.isNaN(b)) return !Number.isNaN(a);
  return better === "lower" ? a < b : a > b;
}

/**
 * The scores of several evaluations that differ only in their seed as one list: mean over the seeds, and their standard
 * deviation (n - 1) as the spread. A score that is undefined for one seed is undefined. A single evaluation stays as it is.
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
      std: Number.isNaN(mean) ? undefined : Math.sqrt(variance),
      over: `${values.length} seeds`,
      points: undefined,
      protocol,
    };
  });
}

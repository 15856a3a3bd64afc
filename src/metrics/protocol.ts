/**
 * Protocols: everything that two scores must have in common to be compared.
 *
 * The same generator scores 16.8 or 23.9 by "FID on CIFAR-10" depending on how many images are drawn and which real
 * ones they are compared with. So a score carries its protocol, and scores of different protocols are not compared.
 */
import { z } from "zod";
import { canonicalJson } from "../base/canonical-json.ts";
import { UserError } from "../base/errors.ts";

const drawingSchema = z.strictObject({
  /** Averaged weights, or those of the last step. */
  averaged: z.boolean(),
  /** The generator's mode: `eval` normalises by running statistics, `train` by those of each batch. */
  mode: z.enum(["eval", "train"]),
  /** Batch that is normalised together in `train` mode. */
  batch: z.int(),
  /** Threshold of truncated latents; null for none. */
  truncation: z.number().nullable(),
  /** Where the labels of a conditional generator come from: all classes in turn, or conditions of real samples, drawn. */
  labels: z.enum(["none", "in turn", "drawn"]),
  /** Where `eval` mode normalises by statistics that were collected for the purpose: how many batches, of how many samples. */
  standing: z.strictObject({ batches: z.int(), batchSize: z.int() }).optional(),
});

/** How generated images were drawn. */
export type Drawing = Readonly<z.output<typeof drawingSchema>>;

export const realSchema = z.strictObject({
  /** Name for people, such as "mnist (train)". */
  name: z.string(),
  /** null where only their statistics are known, from a file that does not say it. */
  count: z.int().nullable(),
  /**
   * SHA-256 over the bytes, size and number of channels of these images in their order; over mean and covariance (float64)
   * where no more is known of them.
   */
  hash: z.string(),
  /** What of their files was hashed to find the prepared images, in words. */
  hashed: z.string().optional(),
  /** Where their statistics were read from a file: what it says of them, in words, and what it does not. */
  statistics: z.string().optional(),
});

/** The real images that a score was computed with. */
export type RealSide = Readonly<z.output<typeof realSchema>>;

/** The schema of a stored {@link Protocol}. */
export const protocolSchema = z.strictObject({
  /** The feature network. */
  features: z.string(),
  /** SHA-256 of its weights. */
  featuresHash: z.string(),
  resizer: z.string(),
  /** How the generator's floats became bytes. */
  quantiser: z.string(),
  /** null where the score needs no real images. */
  real: realSchema.nullable(),
  /** Number of generated images. */
  fakeCount: z.int(),
  /** null where the images were not drawn by Gantry. */
  drawing: drawingSchema.nullable(),
  /** The metric's own options: splits, subsets, neighbours. */
  options: z.record(z.string(), z.unknown()).readonly(),
  /** Seeds of the evaluations that the score is the mean of. They may differ between scores that are compared. */
  seeds: z.array(z.int()).readonly(),
});

/** Everything that a score depends on besides the images. */
export type Protocol = Readonly<z.output<typeof protocolSchema>>;

/** One difference between two protocols. */
export interface Difference {
  readonly key: string;
  readonly values: readonly [string, string];
}

const text = (value: unknown): string => (typeof value === "string" ? value : canonicalJson(value));

/**
 * The parts of a protocol that are compared, flat. Names for people and seeds are left out. So are the labels:
 * conditional and unconditional generators are compared with the same real images.
 */
function flat(protocol: Protocol): Map<string, string> {
  const { seeds: _, real, drawing, options, ...rest } = protocol;
  const { labels: __, ...drawn } = drawing ?? { labels: "none" };
  const entries: [string, unknown][] = Object.entries(rest);
  if (real !== null) entries.push(["real.count", real.count], ["real.hash", real.hash]);
  for (const [key, value] of Object.entries(drawn)) entries.push([`drawing.${key}`, value]);
  for (const [key, value] of Object.entries(options)) entries.push([`options.${key}`, value]);
  return new Map(entries.map(([key, value]) => [key, text(value)]));
}

/**
 * The differences of two protocols; empty when their scores can be compared. The seeds may differ. How the images were
 * drawn and turned into bytes is compared only where Gantry drew both: of another tool's images it is not known.
 */
export function differences(a: Protocol, b: Protocol): Difference[] {
  const [first, second] = [flat(a), flat(b)];
  const foreign = a.drawing === null || b.drawing === null;
  const found: Difference[] = [];
  for (const key of new Set([...first.keys(), ...second.keys()])) {
    if (foreign && (key.startsWith("drawing.") || key === "quantiser")) continue;
    const values = [first.get(key) ?? "none", second.get(key) ?? "none"] as const;
    if (values[0] !== values[1]) found.push({ key, values });
  }
  return found;
}

/** A score with where it comes from, for {@link requireSameProtocol}. */
interface Compared {
  readonly of: string;
  readonly name: string;
  readonly protocol: Protocol;
}

/**
 * @throws UserError naming every difference when two scores must not be compared.
 *
 * @example
 * requireSameProtocol({ of: "runs/a", ...scoreOfA }, { of: "runs/b", ...scoreOfB });
 */
export function requireSameProtocol(a: Compared, b: Compared): void {
  if (a.name !== b.name) {
    throw new UserError(`${a.name} of ${a.of} and ${b.name} of ${b.of} are different scores and cannot be compared`);
  }
  const found = differences(a.protocol, b.protocol);
  if (found.length === 0) return;
  const list = found
    .map(({ key, values }) => `\`${key}\` is ${values[0]} in ${a.of} and ${values[1]} in ${b.of}`)
    .join("; ");
  throw new UserError(
    `${a.name} of ${a.of} and ${b.name} of ${b.of} were measured under different protocols and cannot be compared: ${list}`,
  );
}

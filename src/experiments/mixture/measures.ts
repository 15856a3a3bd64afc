/** What the arms of the mixture experiment are compared in, at the end of a run. */
import type { Measure, Values } from "../differences.ts";
import { type MixtureRecord, populatedModes } from "./mixture.ts";

/** Runs of one arm. */
export type MixtureRuns = readonly Pick<MixtureRecord, "seed" | "curve">[];

const atEnd =
  (of: (last: MixtureRecord["curve"][number]) => number) =>
  (runs: MixtureRuns): Values =>
    new Map(runs.map(({ seed, curve }) => [seed, of(curve.at(-1)!)]));

export const QUALITY = { name: "high quality, %", of: atEnd(({ highQuality }) => 100 * highQuality) };
export const RECOVERED = { name: "modes with a sample", of: atEnd(({ modes }) => modes) };
export const REVERSE_KL = { name: "reverse KL, nats", of: atEnd(({ reverseKl }) => reverseKl) };
export const DISTANCE = { name: "distance to the nearest mode", of: atEnd(({ distance }) => distance) };
export const TENTH = {
  name: "modes with a tenth of their share",
  of: (runs: readonly MixtureRecord[]): Values => new Map(runs.map((run) => [run.seed, populatedModes(run)])),
};

/** All of them: the family of a comparison of arms. */
export const MIXTURE_MEASURES: readonly Measure<readonly MixtureRecord[]>[] = [
  QUALITY,
  RECOVERED,
  TENTH,
  REVERSE_KL,
  DISTANCE,
];

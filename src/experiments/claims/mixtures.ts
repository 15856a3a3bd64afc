/** What the claims on mixtures of Gaussians share: the set-up, and one arm minus another. */
import type { Size, Stage } from "../claim.ts";
import { type Difference, differences } from "../differences.ts";
import { MIXTURE_MEASURES } from "../mixture/measures.ts";
import { type MixtureRecord, mixture } from "../mixture/mixture.ts";
import { isStandard, type Update } from "../mixture/setup.ts";

/**
 * The experiment `mixture` with these arms, in the standard set-up or with other options of it; a run of 25 modes and
 * 100,000 iterations took 2,259 seconds.
 */
export const mixtureStage = (
  { seeds, length }: Size,
  updates: readonly Update[],
  modes: readonly number[],
  other: Readonly<Record<string, unknown>> = {},
): Stage => ({
  name: "mixture",
  experiment: mixture,
  options: { modes, updates, ...other, seeds, steps: length },
  seconds: (2_259 * length) / 100_000,
});

/** One arm minus another of one number of modes in the standard set-up, in every measure: one family. */
export function mixtureFamily(
  records: readonly MixtureRecord[],
  { arm, minus, name, modes = 25 }: { arm: Update; minus: Update; name: string; modes?: number },
): { family: Difference[]; length: number } {
  const own = records.filter((record) => record.modes === modes && isStandard(record));
  const of = (update: Update) => own.filter((record) => record.update === update);
  const family = differences({ [name]: of(arm) }, of(minus), MIXTURE_MEASURES);
  return { family, length: Math.min(...[...of(arm), ...of(minus)].map(({ steps }) => steps)) };
}

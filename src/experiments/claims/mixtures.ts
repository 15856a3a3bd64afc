/** What the claims on mixtures of Gaussians share: the set-up, and one arm minus another. */
import type { Size, Stage } from "../claim.ts";
import { type Difference, differences } from "../differences.ts";
import { MIXTURE_MEASURES } from "../mixture/measures.ts";
import { type MixtureRecord, mixture, type Update } from "../mixture/mixture.ts";

/** The experiment `mixture` with these arms; a run of 25 modes and 100,000 iterations took 2,259 seconds. */
export const mixtureStage = ({ seeds, length }: Size, updates: readonly Update[], modes: readonly number[]): Stage => ({
  name: "mixture",
  experiment: mixture,
  options: { modes, updates, seeds, steps: length },
  seconds: (2_259 * length) / 100_000,
});

/** One arm minus another of one number of modes, in every measure: one family. */
export function mixtureFamily(
  records: readonly MixtureRecord[],
  { arm, minus, name, modes = 25 }: { arm: Update; minus: Update; name: string; modes?: number },
): { family: Difference[]; length: number } {
  const own = records.filter((record) => record.modes === modes);
  const of = (update: Update) => own.filter((record) => record.update === update);
  const family = differences({ [name]: of(arm) }, of(minus), MIXTURE_MEASURES);
  return { family, length: Math.min(...[...of(arm), ...of(minus)].map(({ steps }) => steps)) };
}

/** Top-k minus all samples in anomaly detection: of each GAN and score, by digit and seed. */
import type { AnomalyRecord } from "./anomaly.ts";

/** The scores in the words of tables. */
export const SCORE_NAMES = {
  discriminator: "D",
  search: "search",
  mix: "mix",
  discriminatorAll: "D, whole test split",
} as const;
type Score = keyof typeof SCORE_NAMES;

/** One score of one GAN under both updates. */
export interface AnomalyArm {
  readonly gan: string;
  readonly score: Score;
  /** Of each digit the AUROC by seed. */
  readonly all: readonly (readonly number[])[];
  readonly top: readonly (readonly number[])[];
  /** Top-k minus all, of the seeds that both have. */
  readonly cells: readonly (readonly number[])[];
}

/** Of each digit the AUROC, by seed. */
function digits(records: readonly AnomalyRecord[], gan: string, update: string, score: Score) {
  const found = new Map<number, Map<number, number>>();
  for (const record of records) {
    if (record.gan !== gan || record.update !== update) continue;
    const own = found.get(record.digit) ?? new Map<number, number>();
    found.set(record.digit, own.set(record.seed, record.areas[score].auroc));
  }
  return found;
}

/** Every score of every GAN that the records have. */
export function anomalyArms(records: readonly AnomalyRecord[]): AnomalyArm[] {
  const gans = [...new Set(records.map(({ gan }) => gan))];
  const values = (of: ReadonlyMap<number, ReadonlyMap<number, number>>) =>
    [...of.values()].map((own) => [...own.values()]);
  return gans.flatMap((gan) =>
    (Object.keys(SCORE_NAMES) as Score[]).map((score) => {
      const [all, top] = ["all", "topK"].map((update) => digits(records, gan, update, score));
      const cells = [...all!].map(([digit, own]) =>
        [...own].flatMap(([seed, value]) => {
          const other = top!.get(digit)?.get(seed);
          return other === undefined ? [] : [other - value];
        }),
      );
      return { gan, score, all: values(all!), top: values(top!), cells };
    }),
  );
}

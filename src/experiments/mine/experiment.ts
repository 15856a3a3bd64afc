/**
 * MINE against the truth: Gaussian vectors x and y of d columns each, correlated column by column with rho, share
 * I(x; y) = -d / 2 log(1 - rho^2) nats (the check of Belghazi et al. 2018, section 4.1).
 */
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { type MineOptions, mine } from "../../metrics/formulas/mine.ts";
import { engineSummary, Generator, noGrad, scope, Tensor } from "../../tensor/index.ts";
import { type MineKey, type MineRecord, mineRecordName, readMineRecord, writeMineRecord } from "./record.ts";

/** I(x; y) in nats. */
export function gaussianInformation(dimensions: number, rho: number): number {
  return -0.5 * dimensions * Math.log1p(-rho * rho);
}

/** Pairs x, y float32 [pairs, dimensions], standard normal in every column. */
export function correlatedGaussians({ dimensions, rho, seed }: MineKey, pairs: number): { x: Tensor; y: Tensor } {
  return noGrad(() =>
    scope(() => {
      const generator = new Generator(seed);
      const x = Tensor.randn([pairs, dimensions], { generator });
      const rest = Tensor.randn([pairs, dimensions], { generator }).mul_(Math.sqrt(1 - rho * rho));
      return { x, y: x.mul(rho).add(rest) };
    }),
  );
}

/** What is estimated, and from how much. */
export interface MineExperiment {
  readonly dimensions: readonly number[];
  readonly rhos: readonly number[];
  /** Seeds 0 to seeds - 1; each draws its own pairs and its own network. */
  readonly seeds: number;
  /** Pairs to an estimate: half to train, a quarter to choose the update, a quarter for the estimate. */
  readonly pairs: number;
  /** Updates of the statistics network; all else is {@link mine}'s default. */
  readonly steps: number;
}

/** All estimates, the first seed's first. */
export function mineKeys({ dimensions, rhos, seeds }: MineExperiment): MineKey[] {
  return Array.from({ length: seeds }, (_, seed) =>
    dimensions.flatMap((d) => rhos.map((rho) => ({ dimensions: d, rho, seed }))),
  ).flat();
}

/** One estimate. */
export function measureMine(
  key: MineKey,
  pairs: number,
  options: MineOptions & { readonly steps: number },
): MineRecord {
  return scope(() => {
    const begun = performance.now();
    const { x, y } = correlatedGaussians(key, pairs);
    const { estimate, ceiling, effectivePairs, step } = mine(x, y, { seed: key.seed, ...options });
    return {
      format: 1,
      ...key,
      pairs,
      steps: options.steps,
      truth: gaussianInformation(key.dimensions, key.rho),
      estimate,
      ceiling,
      effectivePairs,
      chosen: step,
      seconds: Math.round((performance.now() - begun) / 100) / 10,
      engine: { ...engineSummary() },
    };
  });
}

/**
 * Makes what is missing of the experiment in a folder; each estimate is written as soon as it is there.
 *
 * @param seen Is told of each estimate, made or found.
 * @throws UserError when the folder holds an estimate from other numbers of pairs or updates.
 */
export function runMine(
  experiment: MineExperiment,
  folder: string,
  seen?: (record: MineRecord, done: number, total: number) => void,
): MineRecord[] {
  const { pairs, steps } = experiment;
  const keys = mineKeys(experiment);
  return keys.map((key, i) => {
    let record = readMineRecord(folder, key);
    if (record !== undefined && (record.pairs !== pairs || record.steps !== steps)) {
      throw new UserError(
        `${join(folder, mineRecordName(key))}.json is of ${record.pairs} pairs and ${record.steps} steps, not of ${pairs} and ${steps}; take another folder`,
      );
    }
    if (record === undefined) {
      record = measureMine(key, pairs, { steps });
      writeMineRecord(folder, record);
    }
    seen?.(record, i + 1, keys.length);
    return record;
  });
}

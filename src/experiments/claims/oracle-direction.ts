/** Where an update on the worst samples moves samples: on the worse half of a batch, and on the quarter that is dropped. */
import { join } from "node:path";
import { type ClaimInput, decide, defineClaim } from "../claim.ts";
import { familyOf } from "../differences.ts";
import { RINGS, ringNames } from "../mixture/motions.ts";
import { oracle } from "../mixture/oracle.ts";
import type { OracleRecord } from "../mixture/oracle-record.ts";
import { isStandard } from "../mixture/setup.ts";
import { mean, range } from "../statistics.ts";
import { STORED } from "./machines.ts";
import { mixtureStage } from "./mixtures.ts";

/** Of each run the mean over its snapshots of a ring's cosine under an update on the worse part. */
function cosines(records: readonly OracleRecord[], ring: number): number[] {
  return records.flatMap((record) => {
    const own = record.cosines.filter(({ method, update }) => method === "gradient" && update === "bottom");
    const known = own.flatMap(({ rings }) => rings[ring]!.mean ?? []);
    return known.length === 0 ? [] : [mean(known)];
  });
}

/** The claim about updates on the samples that a share of the batch leaves out. */
const oracleClaim = ({ kept, part }: { kept: number; part: string }): Omit<ClaimInput<OracleRecord>, "name"> => ({
  claim: "An update on the samples that D rates worst moves samples away from their nearest mode, even good ones.",
  source: "Sinha et al. 2020, section 3 (cosine with the oracle direction)",
  setup: `gantry lab mixture with 25 modes and all samples, then gantry lab oracle on each run: one plain gradient step on the worse ${part} of a batch`,
  size: { seeds: 5, length: 100_000, unit: "iterations" },
  stages: (size, folder) => [
    mixtureStage(size, ["all"], [25]),
    {
      name: "oracle",
      experiment: oracle,
      options: range(size.seeds).map((seed) => ({
        run: join(folder, "mixture", "runs", `modes=25_update=all-seed${seed}`),
        kept: [kept],
      })),
      seconds: 60,
    },
  ],
  rule: "The cosine's mean over a run's snapshots, by seed, in five rings of distance from the mode (five tests against 0, Holm's method): confirmed where a ring's is negative and none positive, refuted where one is positive and none negative.",
  finding(records) {
    const own = records.filter(
      (record) =>
        record.kept === kept && record.run.update === "all" && record.run.modes === 25 && isStandard(record.run),
    );
    const family = familyOf(
      RINGS.map((_, ring) => ({ arm: ringNames[ring]!, measure: "cosine", cells: [cosines(own, ring)] })),
    );
    const length = Math.min(...own.map(({ cosines }) => Math.max(...cosines.map(({ step }) => step))));
    return decide(
      family.map((difference) => ({ difference, side: "lower" })),
      "any",
      length,
    );
  },
  cost: { measured: `${STORED.measured}; the oracle's minute a run is an estimate` },
});

export const oracleDirection = defineClaim<OracleRecord>({
  name: "oracle-direction",
  ...oracleClaim({ kept: 0.5, part: "half" }),
  records: "oracle",
});

/** The public reproduction's parts: ranks 1 to 192 against ranks 193 to 256. */
export const oracleQuarter = defineClaim<OracleRecord>({
  name: "oracle-quarter",
  ...oracleClaim({ kept: 0.75, part: "quarter" }),
});

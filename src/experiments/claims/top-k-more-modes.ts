/** Top-k training where there are more modes: 64 and 100 Gaussians. */
import { decide, defineClaim } from "../claim.ts";
import { bySeed, familyOf } from "../differences.ts";
import { MIXTURE_MEASURES, QUALITY, RECOVERED } from "../mixture/measures.ts";
import type { MixtureRecord } from "../mixture/mixture.ts";
import { isStandard } from "../mixture/setup.ts";
import { STORED } from "./machines.ts";
import { mixtureStage } from "./mixtures.ts";

const MODES = [64, 100];

export const topKMoreModes = defineClaim<MixtureRecord>({
  name: "top-k-more-modes",
  claim:
    "As the number of modes rises, top-k training improves both the modes recovered and the share of high-quality samples.",
  source: "Sinha et al. 2020, section 3",
  setup: "gantry lab mixture with 64 and 100 modes: all samples against the top k",
  size: { seeds: 5, length: 100_000, unit: "iterations" },
  stages: (size) => [mixtureStage(size, ["all", "top"], MODES)],
  rule: "By seed, top-k minus all samples at the end, in both measures with 64 and with 100 modes, by Holm's method over the five measures of the experiment with either: confirmed where all are higher, refuted where one is lower.",
  finding(records) {
    const own = records.filter(
      (record) =>
        MODES.includes(record.modes) && isStandard(record) && (record.update === "all" || record.update === "top"),
    );
    const family = familyOf(
      MODES.flatMap((modes) =>
        MIXTURE_MEASURES.map(({ name, of }) => {
          const arm = (update: string) =>
            of(own.filter((record) => record.modes === modes && record.update === update));
          return { arm: `${modes} modes`, measure: name, cells: [bySeed(arm("top"), arm("all"))] };
        }),
      ),
    );
    const length = Math.min(...own.map(({ steps }) => steps));
    const expected = family
      .filter(({ measure }) => measure === QUALITY.name || measure === RECOVERED.name)
      .map((difference) => ({ difference, side: "higher" as const }));
    return decide(expected, "every", length, family.length);
  },
  cost: STORED,
  records: "mixture-20000",
});

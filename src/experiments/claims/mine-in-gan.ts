/** What the claims on MINE in a GAN share: the recipe as it is, and with the technique. */
import { armOf, type ClaimInput, decide, shortest } from "../claim.ts";
import { differences, find, type Measure } from "../differences.ts";
import { defineSweep, parseAxis, type ScoredCell } from "../sweep/index.ts";
import { STORED } from "./machines.ts";
import { KL, MODES } from "./scores.ts";

/** Of one recipe; `seconds` are those of a run of the set-up's length, `others` the family's further measures. */
export const mineInGan = (
  recipe: string,
  length: number,
  seconds: number,
  others: readonly Measure<ScoredCell>[] = [],
): Pick<ClaimInput<ScoredCell>, "source" | "size" | "stages" | "rule" | "finding" | "cost"> => ({
  source: "Belghazi et al. 2018, section 5.1, cited by Iyengar et al., section 1.1.11",
  size: { seeds: 3, length, unit: "steps" },
  stages: (size) => [
    {
      name: recipe,
      sweep: {
        ...defineSweep({ recipe, set: [`steps=${size.length}`], seeds: size.seeds }),
        axes: [parseAxis("techniques=[],[mine]")],
      },
      seconds: (seconds * size.length) / length,
    },
  ],
  rule: "By seed, with MINE minus plain, in modes and reverse KL, by Holm's method over the measures of the comparison: confirmed where one is better and none worse, refuted where one is worse and none better.",
  finding(cells) {
    const arms = [armOf(cells, "[mine]"), armOf(cells, "[]")] as const;
    const family = differences({ "MINE minus plain": arms[0] }, arms[1], [MODES, KL, ...others]);
    return decide(
      [
        { difference: find(family, "MINE minus plain", MODES.name), side: "higher" },
        { difference: find(family, "MINE minus plain", KL.name), side: "lower" },
      ],
      "any",
      shortest(arms),
      family.length,
    );
  },
  cost: STORED,
});

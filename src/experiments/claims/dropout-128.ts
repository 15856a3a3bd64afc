/** Dropout in D at 128 x 128. */
import { armOf, decide, defineClaim, shortest } from "../claim.ts";
import { bySeed, familyOf } from "../differences.ts";
import { shippedSweeps } from "../shipped-sweeps.ts";
import type { ScoredCell } from "../sweep/index.ts";
import { STORED } from "./machines.ts";
import { MODES } from "./scores.ts";

const shipped = shippedSweeps["dropout-128"]!;
const NORMS = ["batch", "spectral"];

export const dropout128 = defineClaim<ScoredCell>({
  name: "dropout-128",
  claim: "At 128 x 128 training collapses, with spectral norm too, unless D has dropout.",
  source: "Iyengar et al., section 3.2",
  setup: "gantry sweep dropout-128: narrow DCGANs on CIFAR-10 at 128 pixels, with and without dropout, both norms",
  limits: "The authors' networks are eight times as wide.",
  size: { seeds: 3, length: 14_500, unit: "steps" },
  stages: ({ seeds, length }) => [
    {
      name: "dropout-128",
      sweep: {
        ...shipped,
        set: [...shipped.set.filter((text) => !text.startsWith("steps=")), `steps=${length}`],
        seeds,
      },
      seconds: 0.654 * length,
    },
  ],
  rule: "By seed, without dropout minus with it in classes found of ten, for both norms (Holm's method over both): confirmed where one is lower and none higher, refuted where one is higher and none lower.",
  finding(cells) {
    const family = familyOf(
      NORMS.map((norm) => {
        const of = (dropout: string) => MODES.of(armOf(cells, norm, dropout));
        return {
          arm: `${norm} norm, without minus with dropout`,
          measure: MODES.name,
          cells: [bySeed(of("none"), of("0.5"))],
        };
      }),
    );
    return decide(
      family.map((difference) => ({ difference, side: "lower" })),
      "any",
      shortest(cells),
    );
  },
  cost: STORED,
  records: "exploring/dropout-128",
});

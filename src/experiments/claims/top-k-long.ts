/**
 * Top-k training on mixtures at the full length, where the published runs left the question open: on 64 modes, and with
 * the initialisation of a public reproduction. Both have a control that drops as many samples, at random.
 */
import { type ClaimInput, decide, defineClaim } from "../claim.ts";
import { bySeed, type Difference, differenceText, familyOf, listed } from "../differences.ts";
import { QUALITY, REVERSE_KL, TENTH } from "../mixture/measures.ts";
import type { MixtureRecord } from "../mixture/mixture.ts";
import { type Setup, STANDARD, type Update } from "../mixture/setup.ts";
import { STORED } from "./machines.ts";
import { mixtureStage } from "./mixtures.ts";

const MEASURES = [QUALITY, TENTH, REVERSE_KL];
const AGAINST = { "top-k minus all": "all", "top-k minus random k": "random" } as const;

/** Top-k minus all samples, and minus a random k, in three measures: one family of six. */
function longFamily(own: readonly MixtureRecord[]): Difference[] {
  const of = (update: Update) => own.filter((record) => record.update === update);
  return familyOf(
    Object.entries(AGAINST).flatMap(([arm, update]) =>
      MEASURES.map((measure) => ({
        arm,
        measure: measure.name,
        cells: [bySeed(measure.of(of("top")), measure.of(of(update)))],
      })),
    ),
  );
}

/** The claim in one set-up. */
function longClaim(
  modes: number,
  setup: Partial<Setup>,
  options: Readonly<Record<string, unknown>>,
): Pick<ClaimInput<MixtureRecord>, "size" | "stages" | "rule" | "finding" | "cost"> {
  const wanted: Setup = { ...STANDARD, ...setup };
  const names = Object.keys(wanted) as (keyof Setup)[];
  return {
    size: { seeds: 5, length: 100_000, unit: "iterations" },
    stages: (size) => [mixtureStage(size, ["all", "top", "random"], [modes], options)],
    rule:
      "By seed, top-k minus all samples and top-k minus a random k at the end, in the share within 4 sigma of a mode, the modes with a tenth of their share and reverse KL (six differences, Holm's method): " +
      "confirmed where the share within 4 sigma is higher than with all samples, refuted where it is lower. The other five are told, and do not decide.",
    finding(records) {
      const own = records.filter(
        (record) => record.modes === modes && names.every((name) => record[name] === wanted[name]),
      );
      const family = longFamily(own);
      const [difference, ...others] = family as [Difference, ...Difference[]];
      const length = Math.min(...own.map(({ steps }) => steps));
      const found = decide([{ difference, side: "higher" }], "every", length, family.length);
      const told = others.map((one) => `${one.arm}, ${one.measure} ${differenceText(one)}`);
      return { ...found, evidence: `${found.evidence}; ${listed(told)}` };
    },
    cost: STORED,
  };
}

export const topK64Modes = defineClaim<MixtureRecord>({
  name: "top-k-64-modes",
  claim: "On a mixture of 64 Gaussians top-k training raises the share of high-quality samples.",
  source: "Sinha et al. 2020, section 3",
  setup: "gantry lab mixture with 64 modes at the full length: all samples, the top k, and as many at random",
  ...longClaim(64, {}, {}),
});

export const topKGlorot = defineClaim<MixtureRecord>({
  name: "top-k-glorot",
  claim:
    "On a mixture of 25 Gaussians top-k training raises the share of high-quality samples, with the initialisation of a public reproduction.",
  source: "Sinha et al. 2020, section 3; initialisation of romina-a/JAX-GAN",
  setup:
    "gantry lab mixture with 25 modes, Glorot's normal rule and biases from N(0, 0.01^2): all samples, the top k, and as many at random",
  ...longClaim(25, { init: "glorot" }, { inits: ["glorot"] }),
});

/** Top-k training and the modes that are recovered of 25 Gaussians. */
import { decide, defineClaim } from "../claim.ts";
import { differenceText, find } from "../differences.ts";
import { RECOVERED, REVERSE_KL } from "../mixture/measures.ts";
import type { MixtureRecord } from "../mixture/mixture.ts";
import { STORED } from "./machines.ts";
import { mixtureFamily, mixtureStage } from "./mixtures.ts";

export const topKCoverage = defineClaim<MixtureRecord>({
  name: "top-k-coverage",
  claim: "Top-k training reduces mode dropping: more of 25 Gaussians are recovered.",
  source: "Sinha et al. 2020, section 3",
  setup: "gantry lab mixture with 25 modes: all samples against the top k, k from 256 to 192",
  size: { seeds: 5, length: 100_000, unit: "iterations" },
  stages: (size) => [mixtureStage(size, ["all", "top"], [25])],
  rule:
    "By seed, top-k minus all samples at the end: confirmed where more modes have a high-quality sample (the paper's measure), refuted where fewer have one, " +
    "by Holm's method over the five measures of the experiment. Reverse KL is told, and does not decide.",
  finding(records) {
    const { family, length } = mixtureFamily(records, { arm: "top", minus: "all", name: "top-k minus all" });
    const difference = find(family, "top-k minus all", RECOVERED.name);
    const found = decide([{ difference, side: "higher" }], "every", length, family.length);
    const kl = find(family, "top-k minus all", REVERSE_KL.name);
    return { ...found, evidence: `${found.evidence}; ${kl.measure} ${differenceText(kl)}` };
  },
  cost: STORED,
  records: "mixture",
});

/** The control of top-k training: updates on the samples rated worst. */
import { decide, defineClaim } from "../claim.ts";
import { find } from "../differences.ts";
import { QUALITY } from "../mixture/measures.ts";
import type { MixtureRecord } from "../mixture/mixture.ts";
import { STORED } from "./machines.ts";
import { mixtureFamily, mixtureStage } from "./mixtures.ts";

export const bottomK = defineClaim<MixtureRecord>({
  name: "bottom-k",
  claim: "Updates on the samples that D rates worst give a worse generator than updates on all samples.",
  source: "Sinha et al. 2020, section 3",
  setup: "gantry lab mixture with 25 modes: all samples against the bottom k, k from 256 to 192",
  size: { seeds: 3, length: 100_000, unit: "iterations" },
  stages: (size) => [mixtureStage(size, ["all", "bottom"], [25])],
  rule: "By seed, bottom-k minus all samples at the end: confirmed where the share of high-quality samples is lower, refuted where it is higher, by Holm's method over the five measures of the experiment.",
  finding(records) {
    const { family, length } = mixtureFamily(records, { arm: "bottom", minus: "all", name: "bottom-k minus all" });
    const difference = find(family, "bottom-k minus all", QUALITY.name);
    return decide([{ difference, side: "lower" }], "every", length, family.length);
  },
  cost: STORED,
  records: "mixture",
});

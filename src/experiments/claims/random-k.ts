/** The other control: as few samples as top-k keeps, but any of them. */
import { decide, defineClaim } from "../claim.ts";
import { find } from "../differences.ts";
import { QUALITY } from "../mixture/measures.ts";
import type { MixtureRecord } from "../mixture/mixture.ts";
import { STORED } from "./machines.ts";
import { mixtureFamily, mixtureStage } from "./mixtures.ts";

export const randomK = defineClaim<MixtureRecord>({
  name: "random-k",
  claim: "It is which samples are kept that helps, not how few: the top k give more high-quality samples than any k.",
  source: "Sinha et al. 2020, section 3 (implied: the gain comes from leaving out the bad samples)",
  setup: "gantry lab mixture with 25 modes: the top k against a random k, k from 256 to 192",
  size: { seeds: 3, length: 100_000, unit: "iterations" },
  stages: (size) => [mixtureStage(size, ["top", "random"], [25])],
  rule: "By seed, top-k minus random k at the end: confirmed where the share of high-quality samples is higher, refuted where it is lower, by Holm's method over the five measures of the experiment.",
  finding(records) {
    const { family, length } = mixtureFamily(records, { arm: "top", minus: "random", name: "top-k minus random k" });
    const difference = find(family, "top-k minus random k", QUALITY.name);
    return decide([{ difference, side: "higher" }], "every", length, family.length);
  },
  cost: STORED,
  records: "mixture",
});

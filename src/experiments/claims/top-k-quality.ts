/** Top-k training and the quality of samples on 25 Gaussians. */
import { decide, defineClaim } from "../claim.ts";
import { find } from "../differences.ts";
import { QUALITY } from "../mixture/measures.ts";
import type { MixtureRecord } from "../mixture/mixture.ts";
import { STORED } from "./machines.ts";
import { mixtureFamily, mixtureStage } from "./mixtures.ts";

export const topKQuality = defineClaim<MixtureRecord>({
  name: "top-k-quality",
  claim: "Top-k training raises the share of high-quality samples on a mixture of 25 Gaussians.",
  source: "Sinha et al. 2020, section 3",
  setup: "gantry lab mixture with 25 modes: all samples against the top k, k from 256 to 192",
  size: { seeds: 5, length: 100_000, unit: "iterations" },
  stages: (size) => [mixtureStage(size, ["all", "top"], [25])],
  rule:
    "By seed, top-k minus all samples at the end: confirmed where the share within 4 sigma of a mode is higher, refuted where it is lower, " +
    "by Holm's method over the five measures of the experiment.",
  finding(records) {
    const { family, length } = mixtureFamily(records, { arm: "top", minus: "all", name: "top-k minus all" });
    const difference = find(family, "top-k minus all", QUALITY.name);
    return decide([{ difference, side: "higher" }], "every", length, family.length);
  },
  cost: STORED,
  records: "mixture",
});

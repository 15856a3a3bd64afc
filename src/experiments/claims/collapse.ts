/** What the claims on a GAN that loses modes share. */
import { type ClaimInput, decide, shortest } from "../claim.ts";
import { find } from "../differences.ts";
import type { ScoredCell } from "../sweep/index.ts";
import { shippedStage, variantsFamily } from "./ablation.ts";
import { STORED } from "./machines.ts";
import { ENTROPY, FID, MODES } from "./scores.ts";

/** A technique of the sweep `mode-collapse` against the plain GAN. */
export const collapseClaim = (
  technique: string,
): Pick<
  ClaimInput<ScoredCell>,
  "setup" | "size" | "fixedLength" | "stages" | "rule" | "finding" | "cost" | "records"
> => ({
  setup: `gantry sweep mode-collapse: a narrow DCGAN on MNIST that loses modes, plain and with ${technique}`,
  size: { seeds: 5, length: 1_000, unit: "steps" },
  fixedLength: true,
  stages: ({ seeds }) => [shippedStage("mode-collapse", seeds, 46)],
  rule: "By seed, with the technique minus plain, by Holm's method over all variants of the sweep in FID, modes and entropy: confirmed where there are more modes, refuted where there are fewer.",
  finding(cells) {
    const family = variantsFamily(cells, [FID, MODES, ENTROPY]);
    const difference = find(family, technique, MODES.name);
    return decide([{ difference, side: "higher" }], "every", shortest(cells), family.length);
  },
  cost: STORED,
  records: "mode-collapse",
});

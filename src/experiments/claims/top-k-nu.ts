/** How far k falls. */
import { defineClaim } from "../claim.ts";
import { annealingClaim } from "./annealing.ts";

export const topKNu = defineClaim({
  name: "top-k-nu",
  claim: "Too large a nu hurts: too few samples are thrown away, and top-k becomes ordinary training.",
  source: "Sinha et al. 2020, section 4",
  ...annealingClaim([
    ["gamma 0.5, nu 0.75", "gamma 0.5, nu 0.25"],
    ["gamma 0.99, nu 0.75", "gamma 0.99, nu 0.25"],
  ]),
});

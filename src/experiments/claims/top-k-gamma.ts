/** How fast k falls. */
import { defineClaim } from "../claim.ts";
import { annealingClaim } from "./annealing.ts";

export const topKGamma = defineClaim({
  name: "top-k-gamma",
  claim: "Too small a gamma hurts: it throws too many samples away at the beginning of training.",
  source: "Sinha et al. 2020, section 4",
  ...annealingClaim([
    ["gamma 0.5, nu 0.25", "gamma 0.99, nu 0.25"],
    ["gamma 0.5, nu 0.75", "gamma 0.99, nu 0.75"],
  ]),
});

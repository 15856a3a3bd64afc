/** The relativistic loss with R1 and R2 on stacked MNIST. */
import { defineClaim } from "../claim.ts";
import { STORED_AVX512 } from "./machines.ts";
import { relativisticClaim } from "./relativistic-losses.ts";
import { KL, MODES } from "./scores.ts";

export const relativisticStacked = defineClaim({
  name: "relativistic-stacked",
  claim:
    "With R1 and R2, the relativistic pairing loss covers more of the 1,000 modes of stacked MNIST than the ordinary loss.",
  limits:
    "The networks are DCGANs of 32 channels, D without batch norm, and 1,000 steps are a small part of the paper's length.",
  ...relativisticClaim(
    "modern-stacked",
    { steps: 1_000, seconds: 120 },
    [MODES, KL],
    [
      [MODES.name, "higher"],
      [KL.name, "lower"],
    ],
  ),
  cost: STORED_AVX512,
  records: "modern-stacked",
});

/** Self-attention in a DCGAN. */
import { defineClaim } from "../claim.ts";
import { dcganPart } from "./dcgan-parts.ts";

export const attention = defineClaim({
  name: "attention",
  claim: "Self-attention improves the images of a DCGAN.",
  source: "Iyengar et al., section 1.1.5 and future work",
  ...dcganPart("attention"),
});

/** Two learning rates in a DCGAN. */
import { defineClaim } from "../claim.ts";
import { dcganPart } from "./dcgan-parts.ts";

export const ttur = defineClaim({
  name: "ttur",
  claim: "Two learning rates (TTUR, four to one) improve the images of a DCGAN.",
  source: "Iyengar et al., section 1.1.2 and future work",
  ...dcganPart("TTUR"),
});

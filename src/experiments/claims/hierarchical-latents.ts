/** Hierarchical latents in a DCGAN. */
import { defineClaim } from "../claim.ts";
import { dcganPart } from "./dcgan-parts.ts";

export const hierarchicalLatents = defineClaim({
  name: "hierarchical-latents",
  claim: "Hierarchical latents improve the images of a DCGAN.",
  source: "Iyengar et al., section 1.1.7 and future work",
  ...dcganPart("hierarchical latents"),
});

/** Feature matching in a GAN that loses modes. */
import { defineClaim } from "../claim.ts";
import { collapseClaim } from "./collapse.ts";

export const featureMatching = defineClaim({
  name: "feature-matching",
  claim: "Feature matching helps where a GAN becomes unstable: it keeps modes that the plain GAN loses.",
  source: "Salimans et al. 2016, section 3.1",
  ...collapseClaim("feature matching"),
});

/** Minibatch discrimination in a GAN that loses modes. */
import { defineClaim } from "../claim.ts";
import { collapseClaim } from "./collapse.ts";

export const minibatchDiscrimination = defineClaim({
  name: "minibatch-discrimination",
  claim: "Minibatch discrimination keeps the generator from collapsing to few modes.",
  source: "Salimans et al. 2016, section 3.2",
  ...collapseClaim("minibatch discrimination"),
});

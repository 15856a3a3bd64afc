/** MINE in a GAN on 25 Gaussians. */
import { defineClaim } from "../claim.ts";
import { mineInGan } from "./mine-in-gan.ts";
import { score } from "./scores.ts";

export const mineMixture = defineClaim({
  name: "mine-mixture",
  claim: "A generator that also maximises MINE's information recovers more modes of 25 Gaussians.",
  setup: "the recipe mixture, as it is without techniques and with mine",
  ...mineInGan("mixture", 100_000, 1_120, [score("high quality", "highQuality"), score("distance", "distance")]),
  records: "exploring/mine-mixture",
});

/** MINE in a GAN on stacked MNIST. */
import { defineClaim } from "../claim.ts";
import { mineInGan } from "./mine-in-gan.ts";

export const mineStacked = defineClaim({
  name: "mine-stacked",
  claim: "A generator that also maximises MINE's information recovers more of the 1,000 modes of stacked MNIST.",
  setup: "the recipe stacked-mnist, as it is without techniques and with mine",
  limits: "The plain GAN finds nearly all modes here, so that modes can hardly be gained; reverse KL can.",
  ...mineInGan("stacked-mnist", 5_000, 403),
  records: "exploring/mine-stacked",
});

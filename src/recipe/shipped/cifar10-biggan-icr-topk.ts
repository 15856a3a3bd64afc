/**
 * The headline of top-k training (Sinha et al. 2020): `cifar10-biggan-icr` with top-k, of which they report a FID of 8.57 in
 * place of 9.21. k falls by 1 % an epoch to half of the batch, the paper's regime for images: it is there after 69 passes of D
 * over the data, of the 500 of a full run (125,000 steps of four updates of D on 50 images).
 *
 *     gantry train cifar10-biggan-icr-topk --device cuda
 *
 * For a GPU: a step takes 50 s on two cores, a full run 72 days. To compare with 8.57, evaluate the run with Inception's weights
 * (`gantry evaluate <run> --protocol fid-50k-train`).
 */
import { topK } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";
import { cifarBigganIcr } from "./cifar10-biggan-icr.ts";

export default defineRecipe({
  name: "cifar10-biggan-icr-topk",
  ...cifarBigganIcr,
  techniques: [topK({ gamma: 0.99, floor: 0.5 }), ...cifarBigganIcr.techniques],
});

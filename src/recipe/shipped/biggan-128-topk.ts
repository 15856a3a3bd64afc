/**
 * `biggan-128` with top-k training (Sinha et al. 2020) in their regime for images: k falls by 1 % an epoch to half of the batch.
 * With 2,048 images a batch and two updates of D a step it is there after 69 passes over ImageNet, 21,600 of 150,000 steps.
 *
 *     gantry train biggan-128-topk --device cuda
 */
import { topK } from "../../techniques/index.ts";
import { defineRecipe } from "../recipe.ts";
import { bigganPaper } from "./biggan-128.ts";

export default defineRecipe({
  name: "biggan-128-topk",
  ...bigganPaper,
  techniques: [topK({ gamma: 0.99, floor: 0.5 }), ...bigganPaper.techniques],
});

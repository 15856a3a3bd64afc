/** Top-k training on images, in GANs with residual networks. */
import { defineClaim } from "../claim.ts";
import { imagesClaim } from "./image-sweeps.ts";

export const topKResidual = defineClaim({
  name: "top-k-residual",
  claim: "Top-k training improves SNGAN and SAGAN too, though less than the simpler GANs.",
  source: "Sinha et al. 2020, section 4, tables of FID",
  ...imagesClaim("top-k-residual-mnist", 240, 89),
  records: "top-k-images/residual-mnist",
});

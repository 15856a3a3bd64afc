/** Top-k training on images, in the simpler GANs. */
import { defineClaim } from "../claim.ts";
import { imagesClaim } from "./image-sweeps.ts";

export const topKImages = defineClaim({
  name: "top-k-images",
  claim:
    "Top-k training improves each kind of GAN at every batch size, with its settings untouched (DCGAN, LSGAN, WGAN, WGAN-GP, SN-DCGAN).",
  source: "Sinha et al. 2020, section 4, tables of FID",
  ...imagesClaim("top-k-mnist", 240, 21),
  records: "top-k-images/mnist",
});

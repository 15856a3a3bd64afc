/**
 * CelebA-HQ at 128 x 128 from the DCGAN of a re-implementation (Iyengar, Pandey and Mehta, section 3.2): see seed-dcgan.ts.
 *
 *     gantry train seed-dcgan-128 --device cuda
 */
import { celebaHq } from "../../data/index.ts";
import { seedDcgan } from "./seed-dcgan.ts";

export default seedDcgan("seed-dcgan-128", celebaHq({ size: 128 }), { size: 128, spectralNorm: false });

/**
 * CelebA-HQ at 128 x 128 from the SN-DCGAN of a re-implementation (Iyengar, Pandey and Mehta, figures 6 and 13): see
 * seed-dcgan.ts. Without dropout theirs collapses; they show it after 14,500 steps.
 *
 *     gantry train seed-sn-dcgan-128 --device cuda
 *     gantry train seed-sn-dcgan-128 --set discriminator.dropout=0
 */
import { celebaHq } from "../../data/index.ts";
import { seedDcgan } from "./seed-dcgan.ts";

export default seedDcgan("seed-sn-dcgan-128", celebaHq({ size: 128 }), { size: 128, spectralNorm: true });

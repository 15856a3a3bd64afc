/**
 * CelebA at 64 x 64 from the SN-DCGAN of a re-implementation (Iyengar, Pandey and Mehta, tables 1 and 2, figures 12 and 14 to
 * 16): see seed-dcgan.ts.
 *
 *     gantry train seed-sn-dcgan-64 --device cuda
 *     gantry train seed-sn-dcgan-64 --set data=imagenet --set data.fit=stretch --set data.synsets=hundred.txt
 */
import { celeba } from "../../data/index.ts";
import { seedDcgan } from "./seed-dcgan.ts";

export default seedDcgan("seed-sn-dcgan-64", celeba({ size: 64, fit: "stretch" }), { size: 64, spectralNorm: true });

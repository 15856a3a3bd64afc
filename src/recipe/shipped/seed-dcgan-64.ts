/**
 * CelebA at 64 x 64 from the DCGAN of a re-implementation (Iyengar, Pandey and Mehta, tables 1 and 2): see seed-dcgan.ts. With
 * Inception's weights; `--set evaluate=null` does without.
 *
 *     gantry train seed-dcgan-64 --device cuda
 *     gantry train seed-dcgan-64 --set data=cifar10 --set data.size=64 --set batchSize=32
 */
import { celeba } from "../../data/index.ts";
import { seedDcgan } from "./seed-dcgan.ts";

export default seedDcgan("seed-dcgan-64", celeba({ size: 64, fit: "stretch" }), { size: 64, spectralNorm: false });

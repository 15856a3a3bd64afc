/** The architectures that Gantry ships: one file and one line each. */
export { allCnn } from "./all-cnn.ts";
export { biggan } from "./biggan.ts";
export { bigganDeep } from "./biggan-deep.ts";
export { dcgan } from "./dcgan.ts";
export { mlp } from "./mlp.ts";
export { noisyMlp } from "./noisy-mlp.ts";
export { r3gan } from "./r3gan.ts";
export { resnet } from "./resnet.ts";
export { sagan } from "./sagan.ts";

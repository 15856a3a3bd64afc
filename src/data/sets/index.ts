/** The datasets that Gantry ships: one file and one line each. Everything else about a dataset is in its file. */
export { dataFromArrays, type ImageArrays, type VectorArrays } from "./arrays.ts";
export { celeba } from "./celeba.ts";
export { celebaHq } from "./celeba-hq.ts";
export { cifar10 } from "./cifar10.ts";
export { cifar100 } from "./cifar100.ts";
export { emnist } from "./emnist.ts";
export { fashionMnist } from "./fashion-mnist.ts";
export { imageFolder } from "./image-folder.ts";
export { imagenet } from "./imagenet.ts";
export { kmnist } from "./kmnist.ts";
export { lsun } from "./lsun.ts";
export { mixtureOfGaussians } from "./mixture.ts";
export { mnist } from "./mnist.ts";
export { stackedMnist } from "./stacked-mnist.ts";
export { stl10 } from "./stl10.ts";

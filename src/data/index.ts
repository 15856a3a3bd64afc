/** Images or vectors in, batches out. */
export { type Arrangement, arrangements, centresOf, type Point } from "./arrangements.ts";
export { celeba } from "./celeba.ts";
export { celebaHq } from "./celeba-hq.ts";
export { cifar10 } from "./cifar10.ts";
export { cifar100 } from "./cifar100.ts";
export type { Dataset } from "./dataset.ts";
export { type DataDescriptor, defineImageDataset, type ImageOptions, packOf, withAbsolutePaths } from "./define.ts";
export { fashionMnist } from "./fashion-mnist.ts";
export { folderSource, imageFolder } from "./image-folder.ts";
export { imagenet } from "./imagenet.ts";
export type {
  Batch,
  DataLoader,
  LoaderRequest,
  LoaderState,
} from "./loader.ts";
export { lsun } from "./lsun.ts";
export { mixtureOfGaussians } from "./mixture.ts";
export { mnist } from "./mnist.ts";
export { background, type Choice, channels, choice, type Fit, fit, size, type Target } from "./options.ts";
export { type DataContext, openPack, type Pack, type PackHeader, type PackProgress, preparePack } from "./pack.ts";
export { cacheFolder, datasetsFolder } from "./paths.ts";
export { ShuffledLoader, type ShuffledLoaderOptions } from "./shuffled.ts";
export {
  type BrokenFile,
  type EncodedImages,
  type EncodedItem,
  type ImageSource,
  type OpenSource,
  type RawImages,
  sha256OfFile,
} from "./source.ts";
export { stackedMnist } from "./stacked-mnist.ts";
export { stl10 } from "./stl10.ts";
export type {
  AnyDataDescriptor,
  Mixture,
  VectorData,
  VectorDescriptor,
  VectorLoaderOptions,
} from "./vectors.ts";

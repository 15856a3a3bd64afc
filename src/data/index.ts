/** Data: images or vectors in, batches out. */
export { type Condition, scaledValue } from "./conditions.ts";
export { containerAt, type Layout, layoutOf, npzHasSplits, type Scale, scaleOf } from "./containers/index.ts";
export { type DataDescriptor, type Dataset, openDataset } from "./dataset.ts";
export {
  type AnyDataDescriptor,
  defineDataset,
  defineImageDataset,
  type ImageDatasetInfo,
  type ImageOptions,
  isPacked,
  packOf,
  withAbsolutePaths,
} from "./define.ts";
export { type DownloadOptions, download, type OfficialFile } from "./download.ts";
export { type GetOptions, type GetResult, getDataset } from "./get.ts";
export { type HeaderSize, imageSizes } from "./headers.ts";
export { type Inspection, inspect } from "./inspect.ts";
export { movedLabelFile } from "./labels/moved.ts";
export type { Batch, DataLoader, LoaderRequest, LoaderState } from "./loader.ts";
export { type Download, type NamedDataset, namedDataset, namedDatasets, officialDataset } from "./named.ts";
export { type OneImage, readImageAs } from "./one-image.ts";
export * as imageOptions from "./options.ts";
export { background, type Choice, channels, choice, type Fit, fit, size, type Target } from "./options.ts";
export { type DataContext, type PackProgress, preparePack } from "./pack.ts";
export { openPack, type Pack, type PackHeader } from "./pack-header.ts";
export { cacheFolder, datasetsFolder } from "./paths.ts";
export { type Arrangement, arrangements, centresOf, isSquare, type Point } from "./sets/arrangements.ts";
export { ARRAYS, refuseOtherArrays } from "./sets/arrays.ts";
export { folderSource } from "./sets/image-folder.ts";
export * from "./sets/index.ts";
export { stackedClasses } from "./sets/stacked-mnist.ts";
export { ShuffledLoader, type ShuffledLoaderOptions, type ShuffledSamples } from "./shuffled.ts";
export {
  type BrokenFile,
  type EncodedImages,
  type EncodedItem,
  type ImageSource,
  type OpenSource,
  type RawImages,
  sha256,
  sha256OfFile,
} from "./source.ts";
export { type ImageSurvey, surveyImages } from "./survey.ts";
export { darkText, notChosen, restText } from "./usage.ts";
export type { Mixture, VectorData, VectorDescriptor, VectorLoaderOptions } from "./vectors.ts";

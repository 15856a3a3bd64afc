/** Fashion-MNIST: 60,000 + 10,000 articles of clothing in MNIST's form (Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747). */
import { UserError } from "../../base/errors.ts";
import { defineImageDataset } from "../define.ts";
import { datasetFolder } from "../named.ts";
import { hasIdx, type IdxDataset, type IdxSplit, idxFiles, idxOptions, idxSource, recogniseIdx } from "./idx.ts";

/** Name, classes and content sums of Fashion-MNIST. */
export const fashionMnistDataset: IdxDataset = {
  name: "fashion-mnist",
  classes: ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
  torchvision: "FashionMNIST",
  official: {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
  },
};

recogniseIdx(fashionMnistDataset);

/** Where Debian's package puts the four files. */
const DEBIAN_FOLDER = "/usr/share/datasets/fashion-mnist";

/**
 * The folder that holds a split: Debian's package or what `gantry data get` left.
 * @throws UserError when neither does.
 */
export function fashionMnistFolder(split: IdxSplit): string {
  const own = datasetFolder("fashion-mnist");
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
export const fashionMnist = defineImageDataset(
  "fashionMnist",
  idxOptions,
  ({ path, split }) => idxSource(fashionMnistDataset, path ?? fashionMnistFolder(split), split),
  {
    name: "fashion-mnist",
    download: {
      title: "Fashion-MNIST",
      home: "https://github.com/zalandoresearch/fashion-mnist",
      // The sums agree with the MD5 in the authors' README, by sources that give both.
      files: idxFiles(
        [
          "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
          "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ],
        [
          [
            "train-images-idx3-ubyte.gz",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
          ],
          ["train-labels-idx1-ubyte.gz", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"],
          ["t10k-images-idx3-ubyte.gz", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"],
          ["t10k-labels-idx1-ubyte.gz", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"],
        ],
      ),
    },
  },
);

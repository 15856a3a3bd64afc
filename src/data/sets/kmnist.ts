/**
 * KMNIST (Kuzushiji-MNIST): 60,000 + 10,000 cursive Japanese characters in MNIST's form, one of each row of hiragana
 * (Clanuwat et al. 2018, "Deep Learning for Classical Japanese Literature", arXiv 1812.01718).
 */
import { defineImageDataset } from "../define.ts";
import { datasetFolder } from "../named.ts";
import { idxFiles, idxOptions, idxSource, recogniseIdx } from "./idx.ts";

/** Sizes and sums as several public loaders of the dataset have them. */
const files = idxFiles(
  ["https://codh.rois.ac.jp/kmnist/dataset/kmnist/"],
  [
    ["train-images-idx3-ubyte.gz", 18_165_135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"],
    ["train-labels-idx1-ubyte.gz", 29_497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"],
    ["t10k-images-idx3-ubyte.gz", 3_041_136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"],
    ["t10k-labels-idx1-ubyte.gz", 5_120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"],
  ],
);

const dataset = {
  name: "kmnist",
  classes: ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
  torchvision: "KMNIST",
  official: Object.fromEntries(files.map(({ name, sha256 }) => [name, sha256])),
};

recogniseIdx(dataset);

/**
 * KMNIST, from `gantry data get kmnist` or from a folder with its four IDX files.
 *
 * Takes the options of {@link mnist}, with the same defaults. Building it throws UserError when the files are not there.
 *
 * @example
 * kmnist({ classes: ["o", "ki"] })
 */
export const kmnist = defineImageDataset(
  "kmnist",
  idxOptions,
  ({ path, split }) => idxSource(dataset, datasetFolder("kmnist", path), split),
  { name: "kmnist", download: { title: "KMNIST", home: "https://codh.rois.ac.jp/kmnist/", files } },
);

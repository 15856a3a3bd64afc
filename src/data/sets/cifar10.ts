/** CIFAR-10: 50,000 + 10,000 colour images of 32 x 32 pixels in ten classes (Krizhevsky 2009), in the official binary form. */
import { z } from "zod";
import { defineImageDataset } from "../define.ts";
import { type CifarDataset, cifarOptions, cifarSource, recogniseCifar } from "./cifar.ts";

/** SHA-256 of the six binary files. */
const official: Readonly<Record<string, string>> = {
  "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
  "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
  "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
  "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
  "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
  "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
};

const dataset: CifarDataset = {
  name: "cifar10",
  binary: {
    folder: "cifar-10-batches-bin",
    files: {
      train: ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
      test: ["test_batch.bin"],
    },
    archive: "cifar-10-binary.tar.gz",
    archiveSum: ["sha256", "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"],
    algorithm: "sha256",
    sums: official,
  },
  python: {
    folder: "cifar-10-batches-py",
    files: {
      train: ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"],
      test: ["test_batch"],
    },
    archive: "cifar-10-python.tar.gz",
    // The sums that torchvision checks.
    archiveSum: ["md5", "c58f30108f718f92721af3b95e74349a"],
    algorithm: "md5",
    sums: {
      data_batch_1: "c99cafc152244af753f735de768cd75f",
      data_batch_2: "d4bba439e000b95fd0a9bffe97cbabec",
      data_batch_3: "54ebc095f3ab1f0389bbae665268c751",
      data_batch_4: "634d18415352ddfa80567beed471001a",
      data_batch_5: "482c414d41f54cd18b22e5b47cb7c3cb",
      test_batch: "40351d587109b95175f43aff81a1287e",
    },
    labelKeys: ["labels"],
  },
  labelBytes: 1,
  labelAt: 0,
  classes: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
};

recogniseCifar(dataset);

/**
 * CIFAR-10 in the official binary form, from `gantry data get cifar10` or from a folder of one's own, or as image files. Where
 * those are JPEG the pixels are not quite the official ones, and neither are scores: `protocolNote` says so.
 *
 * - `path`: the folder with the `.bin` files or Python's batches (`cifar-10-batches-py`), the one above it, the archive of
 *   either (`cifar-10-python.tar.gz`); or a folder or `.zip` of image files in `<split>/<class>/`; default: where `gantry data get` puts the files, `cifar10` among the datasets, or `cifar10.zip` next to it
 * - `split`: `train` (default, 50,000 images) or `test` (10,000)
 * - `size` (default 32), `channels` (default 3; 1 gives luminance), `fit` (default `crop`), `background` (default 0)
 * - `flip`, `classes`, `first`, `labels`: see docs/how-to/data/own-images.md
 *
 * Building it throws UserError, with the command that gets the files, when they are not there.
 *
 * @example
 * cifar10({ flip: true })
 */
export const cifar10 = defineImageDataset(
  "cifar10",
  z.strictObject(cifarOptions),
  ({ path, split }, context) => cifarSource(dataset, path, split, context),
  {
    name: "cifar10",
    download: {
      title: "CIFAR-10, binary version",
      home: "https://www.cs.toronto.edu/~kriz/cifar.html",
      files: [
        {
          name: "cifar-10-binary.tar.gz",
          urls: ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"],
          // The authors publish its MD5, c32a1d4ab5d03f1284b67883e8d87530; public sources that give both agree.
          sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
          bytes: 170_052_171,
        },
      ],
      unpack: Object.fromEntries(
        Object.entries(official).map(([file, sum]) => [`${dataset.binary.folder}/${file}`, sum]),
      ),
    },
  },
);

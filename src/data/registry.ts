/**
 * The official files of the datasets that `gantry data get` knows, with the SHA-256 that each must have; and of those that
 * their publishers do not offer as plain files, what to put where.
 *
 * The sums were taken from public sources that agree with one another, and where the authors publish an MD5 (CIFAR-10:
 * c32a1d4ab5d03f1284b67883e8d87530; Fashion-MNIST: in its README) from sources that give both.
 */
import { join } from "node:path";
import { suggestion, UserError } from "../base/errors.ts";
import { datasetsFolder } from "./paths.ts";

/** A file to fetch. */
export interface OfficialFile {
  readonly name: string;
  /** Addresses that serve it, the first preferred. */
  readonly urls: readonly string[];
  readonly sha256: string;
  readonly bytes: number;
}

/** A dataset that can be fetched. */
export interface OfficialDataset {
  readonly name: string;
  readonly title: string;
  readonly home: string;
  readonly files: readonly OfficialFile[];
  /**
   * Members to take out of the (only) file, a `.tar.gz`, with the SHA-256 of each, or its bytes where nothing but the sum
   * of the archive is confirmed.
   */
  readonly unpack?: Readonly<Record<string, string | number>>;
}

function idxFiles(bases: readonly string[], rows: readonly (readonly [string, number, string])[]): OfficialFile[] {
  return rows.map(([name, bytes, sum]) => ({ name, bytes, sha256: sum, urls: bases.map((base) => base + name) }));
}

/** SHA-256 of CIFAR-10's six binary files. */
export const cifar10Files: Readonly<Record<string, string>> = {
  "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
  "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
  "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
  "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
  "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
  "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
};

/** SHA-256 of CIFAR-100's two binary files, from one public source; nothing but a remark hangs on them. */
export const cifar100Files: Readonly<Record<string, string>> = {
  "train.bin": "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
  "test.bin": "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a",
};

/** MD5 of STL-10's binary files, on which many public sources agree; likewise. */
export const stl10Files: Readonly<Record<string, string>> = {
  "train_X.bin": "918c2871b30a85fa023e0c44e0bee87f",
  "train_y.bin": "5a34089d4802c674881badbb80307741",
  "test_X.bin": "7f263ba9f9e0b06b93213547f721ac82",
  "test_y.bin": "36f9794fa4beb8a2c72628de14fa638e",
  "unlabeled_X.bin": "5242ba1fed5e4be9e1e742405eb56ca4",
};

/** The datasets that can be fetched, by name. */
export const officialDatasets: readonly OfficialDataset[] = [
  {
    name: "cifar10",
    title: "CIFAR-10, binary version",
    home: "https://www.cs.toronto.edu/~kriz/cifar.html",
    files: [
      {
        name: "cifar-10-binary.tar.gz",
        urls: ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"],
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        bytes: 170_052_171,
      },
    ],
    unpack: Object.fromEntries(
      Object.entries(cifar10Files).map(([name, sum]) => [`cifar-10-batches-bin/${name}`, sum]),
    ),
  },
  {
    name: "cifar100",
    title: "CIFAR-100, binary version",
    home: "https://www.cs.toronto.edu/~kriz/cifar.html",
    files: [
      {
        name: "cifar-100-binary.tar.gz",
        urls: ["https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"],
        sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        bytes: 168_513_733,
      },
    ],
    unpack: { "cifar-100-binary/train.bin": 153_700_000, "cifar-100-binary/test.bin": 30_740_000 },
  },
  {
    name: "fashion-mnist",
    title: "Fashion-MNIST",
    home: "https://github.com/zalandoresearch/fashion-mnist",
    files: idxFiles(
      [
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
      ],
      [
        ["train-images-idx3-ubyte.gz", 26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"],
        ["train-labels-idx1-ubyte.gz", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"],
        ["t10k-images-idx3-ubyte.gz", 4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"],
        ["t10k-labels-idx1-ubyte.gz", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"],
      ],
    ),
  },
  {
    name: "stl10",
    title: "STL-10, binary version",
    home: "https://cs.stanford.edu/~acoates/stl10/",
    files: [
      {
        name: "stl10_binary.tar.gz",
        urls: [
          "https://cs.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
          "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
        ],
        sha256: "f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866",
        bytes: 2_640_397_119,
      },
    ],
    unpack: {
      "stl10_binary/train_X.bin": 138_240_000,
      "stl10_binary/train_y.bin": 5_000,
      "stl10_binary/test_X.bin": 221_184_000,
      "stl10_binary/test_y.bin": 8_000,
      "stl10_binary/unlabeled_X.bin": 2_764_800_000,
    },
  },
  {
    name: "mnist",
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
];

/** What a person does to have a dataset that is not offered as plain files; said of the folder where it is looked for. */
const byHand: Readonly<Record<string, (folder: string) => string>> = {
  celeba: (folder) =>
    "get img_align_celeba.zip, list_attr_celeba.txt and list_eval_partition.txt by way of " +
    `https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html and put them in ${folder}; the archive need not be unpacked`,
  "celeba-hq": (folder) =>
    "get CelebAMask-HQ by way of https://github.com/switchablenorms/CelebAMask-HQ and put its folder CelebA-HQ-img (30,000 " +
    `files, 0.jpg to 29999.jpg) in ${folder}; a folder of images from elsewhere is given as \`path\``,
  imagenet: (folder) =>
    "get ILSVRC2012_img_train.tar with an account of https://image-net.org and unpack it, and each of the 1,000 archives in " +
    `it into a folder of its synset, so that there is ${folder}/train/n01440764/n01440764_18.JPEG`,
  lsun: (folder) =>
    "get http://dl.yf.io/lsun/scenes/CATEGORY_SPLIT_lmdb.zip (such as church_outdoor_train_lmdb.zip) and unpack it in " +
    `${folder}, so that there is ${folder}/CATEGORY_SPLIT_lmdb/data.mdb`,
};

/** The datasets that have to be brought by hand. */
export const datasetsByHand: readonly string[] = Object.keys(byHand);

/** What to put where to have one of {@link datasetsByHand}. */
export function howToBring(name: string): string {
  return byHand[name]!(join(datasetsFolder(), name));
}

/**
 * The dataset of that name.
 * @throws UserError with what to do by hand, or with the nearest name when there is none.
 */
export function officialDataset(name: string): OfficialDataset {
  const found = officialDatasets.find((dataset) => dataset.name === name);
  if (found !== undefined) return found;
  if (Object.hasOwn(byHand, name)) throw new UserError(`${name} cannot be downloaded from here: ${howToBring(name)}`);
  const names = officialDatasets.map((dataset) => dataset.name);
  throw new UserError(`there is nothing to get under the name \`${name}\`${suggestion(name, names)}`);
}

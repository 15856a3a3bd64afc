/**
 * CIFAR-100: 50,000 + 10,000 colour images of 32 x 32 pixels (Krizhevsky 2009), in the official binary form: in 100 classes,
 * which lie five by five in 20 coarse ones.
 */
import { z } from "zod";
import { defineImageDataset } from "../define.ts";
import { type CifarDataset, cifarOptions, cifarSource, recogniseCifar } from "./cifar.ts";

const names = (text: string): string[] => text.split(/\s+/);

/** The names in the archive's fine_label_names.txt and coarse_label_names.txt, in their order. */
const classes = {
  fine: names(
    "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle " +
      "caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish " +
      "forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle " +
      "mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine " +
      "possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar " +
      "sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale " +
      "willow_tree wolf woman worm",
  ),
  coarse: names(
    "aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices household_furniture " +
      "insects large_carnivores large_man-made_outdoor_things large_natural_outdoor_scenes large_omnivores_and_herbivores " +
      "medium_mammals non-insect_invertebrates people reptiles small_mammals trees vehicles_1 vehicles_2",
  ),
} as const;

/** SHA-256 of the two binary files, from one public source: used only for the note that the files are the official ones. */
const official: Readonly<Record<string, string>> = {
  "train.bin": "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
  "test.bin": "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a",
};

/** A record's first byte is its coarse label, its second the fine one. */
const labelAt = { coarse: 0, fine: 1 } as const;

const dataset = (granularity: keyof typeof labelAt): CifarDataset => ({
  name: "cifar100",
  binary: {
    folder: "cifar-100-binary",
    files: { train: ["train.bin"], test: ["test.bin"] },
    archive: "cifar-100-binary.tar.gz",
    archiveSum: ["sha256", "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"],
    algorithm: "sha256",
    sums: official,
  },
  python: {
    folder: "cifar-100-python",
    files: { train: ["train"], test: ["test"] },
    archive: "cifar-100-python.tar.gz",
    // The sums that torchvision checks.
    archiveSum: ["md5", "eb9058c3a382ffc7106e4002c42a8d85"],
    algorithm: "md5",
    sums: { train: "16019d7e3df5f24257cddd939b257f8d", test: "f0ef6b0ae62326f3e7ffdfab6717acfc" },
    labelKeys: ["coarse_labels", "fine_labels"],
  },
  labelBytes: 2,
  labelAt: labelAt[granularity],
  classes: classes[granularity],
});

recogniseCifar(dataset("fine"));

/**
 * CIFAR-100 in the official binary form, from `gantry data get cifar100` or from a folder of one's own.
 *
 * - `granularity`: `fine` (default, 100 classes of 600 images) or `coarse` (20 classes of 3,000)
 * - `path`: the folder with train.bin and test.bin or Python's train and test (`cifar-100-python`), the one above it, the
 *   archive of either; or image files, as for {@link cifar10}
 * - the other options as for {@link cifar10}
 *
 * Building it throws UserError, with the command that gets the files, when they are not there.
 *
 * @example
 * cifar100({ granularity: "coarse", flip: true })
 */
export const cifar100 = defineImageDataset(
  "cifar100",
  z.strictObject({
    granularity: z.enum(["fine", "coarse"], "must be `fine` or `coarse`").default("fine"),
    ...cifarOptions,
  }),
  ({ path, split, granularity }, context) => cifarSource(dataset(granularity), path, split, context),
  {
    name: "cifar100",
    download: {
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
  },
);

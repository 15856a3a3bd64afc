/** docs/images/augmentations.png: what D sees of digits of stacked MNIST under the augmentations. */

import { stackedMnist } from "../../../src/data/index.ts";
import { datasetImages } from "../../../src/metrics/index.ts";
import { adaptiveAugmentation, diffAugment, type Gan } from "../../../src/techniques/index.ts";
import { Generator, noGradScope, Tensor } from "../../../src/tensor/index.ts";

export const COLUMNS = 12;

/** Four rows of images [48, 3, 64, 64] in [-1, 1]: as they are, `diffAugment`, and `adaptiveAugmentation` with p = 0.2 and 0.8. */
export async function augmentedDigits(): Promise<Tensor> {
  const digits = datasetImages(await stackedMnist({ size: 32, count: COLUMNS }).build({}));
  const image = { channels: 3, size: 32 };
  const built = (seed: number) => ({
    batchSize: COLUMNS,
    image,
    classes: 0,
    device: "cpu" as const,
    rng: new Generator(seed),
  });
  const techniques = [
    diffAugment().build(built(1)),
    adaptiveAugmentation({ probability: 0.2 }).build(built(2)),
    adaptiveAugmentation({ probability: 0.8 }).build(built(3)),
  ];
  for await (const bytes of digits.batches(COLUMNS)) {
    return noGradScope(() => {
      const images = bytes.float().div(127.5).sub(1);
      const progress = { step: 0, images: 0, epoch: 0 };
      const rows = techniques.map((technique) => technique.augment!(images, "real", { progress } as Gan));
      return Tensor.cat([images, ...rows])
        .clamp(-1, 1)
        .upsampleNearest2d(2);
    });
  }
  throw new Error("there are no digits");
}

/** The accuracy of a classifier. */
import { setImmediate } from "node:timers/promises";
import type { Dataset } from "../../data/index.ts";
import type { Classifier } from "../../models/index.ts";
import { type Device, noGradScope } from "../../tensor/index.ts";

/** Images per pass. */
const CHUNK = 250;

/**
 * The number of a dataset's images that the network classifies correctly, in its present mode. Images are not
 * augmented.
 *
 * Resolves to undefined when `stop` was raised meanwhile.
 */
export async function countCorrect(
  network: Classifier,
  { images, labels, count }: Pick<Dataset, "images" | "labels" | "count">,
  device: Device = "cpu",
  stop?: AbortSignal,
): Promise<number | undefined> {
  let correct = 0;
  for (let start = 0; start < count; start += CHUNK) {
    if (stop?.aborted) return undefined;
    const length = Math.min(CHUNK, count - start);
    correct += noGradScope(() => {
      const bytes = images.narrow(0, start, length).to({ device });
      const { logits } = network.forward(bytes.float().div_(127.5).add_(-1));
      return logits
        .argmax(1)
        .eq(labels.narrow(0, start, length).to({ device }))
        .sum()
        .item();
    });
    await setImmediate();
  }
  return correct;
}

/**
 * Stacked MNIST (Metz et al. 2017, "Unrolled Generative Adversarial Networks", section 3.3.1): three digits of MNIST drawn by
 * chance, one the red, one the green, one the blue of an image. Its 1,000 modes can be counted, since a classifier reads
 * the digits.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { defineImageDataset } from "../define.ts";
import { background, choice, fit, path, size, trainOrTest } from "../options.ts";
import type { ImageSource } from "../source.ts";
import { idxSource } from "./idx.ts";
import { mnistDataset, mnistFolder } from "./mnist.ts";

/** The digits of an image, and its planes. */
const DIGITS = 3;

/** The names of the 1,000 modes: the digits in red, green and blue, "000" to "999". */
export const stackedClasses: readonly string[] = Array.from({ length: 10 ** DIGITS }, (_, mode) =>
  String(mode).padStart(DIGITS, "0"),
);

const options = z.strictObject({
  /** A folder with MNIST's four IDX files, plain or gzip, under their official names. */
  path,
  split: trainOrTest,
  count: z
    .int("must be a whole number")
    .min(1, "must be at least 1")
    .max(10_000_000, "must be at most 10000000")
    .default(128_000),
  seed: z.int("must be a whole number").min(0, "must be at least 0").default(0),
  size: size.default(32),
  channels: z.literal(3, "must be 3: one digit each").default(3),
  fit: fit.optional(),
  background: background.default(0),
  ...choice,
});

/**
 * Stacked MNIST.
 *
 * - `count`: images, each of three digits drawn uniformly with replacement; default 128,000, as in the experiments of
 *   VEEGAN (Srivastava et al. 2017) and PacGAN (Lin et al. 2018)
 * - `seed`: of the draws, default 0; the same on every machine
 * - `split`: the digits' split, `train` (default) or `test`
 * - `size`, `fit`, `background`, `path`, `flip`, `classes`, `first`, `labels`: as for `mnist`
 *
 * The class of an image is its three digits, red first: "407" is number 407.
 *
 * @example
 * data: stackedMnist({ size: 32 }), evaluate: { features: "stacked-mnist-classifier", metrics: [modes()], samples: 26_000 }
 */
export const stackedMnist = defineImageDataset(
  "stackedMnist",
  options,
  async ({ path, split, count, seed }) => {
    const digits = await idxSource(mnistDataset, path ?? mnistFolder(), split);
    return stackedSource(digits, split, count, seed);
  },
  { name: "stacked-mnist" },
);

/** The source of `count` stacks over a source of gray digits. */
function stackedSource(digits: ImageSource, split: string, count: number, seed: number): ImageSource {
  return {
    name: `stacked-mnist (${split})`,
    fingerprint: `stacked ${count} ${seed} ${digits.fingerprint}`,
    ...(digits.defaultFit ? { defaultFit: digits.defaultFit } : {}),
    async open() {
      const { images, labels, note } = await digits.open();
      if (images.form !== "raw" || images.channels !== 1) throw new UserError(`${digits.name} holds no gray digits`);
      const planes = drawRows(count * DIGITS, labels.length, seed);
      const modes = new Uint16Array(count);
      for (let i = 0; i < count; i++) {
        for (let digit = 0; digit < DIGITS; digit++) modes[i] = 10 * modes[i]! + labels[planes[i * DIGITS + digit]!]!;
      }
      return {
        images: { ...images, channels: 3, planes },
        names: (index) => `stack ${index}`,
        labels: modes,
        classes: stackedClasses,
        note: `${count} stacks of three digits drawn with seed ${seed} from ${note}`,
      };
    },
  };
}

/**
 * Rows from 0 to below `total`, uniform and independent: 32-bit words of SHA-256 over the seed and a counter, those past the
 * last multiple of `total` thrown away. The same everywhere, and there without an engine.
 */
export function drawRows(count: number, total: number, seed: number): Uint32Array {
  const rows = new Uint32Array(count);
  const limit = Math.floor(2 ** 32 / total) * total;
  for (let filled = 0, block = 0; filled < count; block++) {
    const bytes = createHash("sha256").update(`stacked ${seed} ${block}`).digest();
    for (let at = 0; at < bytes.length && filled < count; at += 4) {
      const word = bytes.readUInt32LE(at);
      if (word < limit) rows[filled++] = word % total;
    }
  }
  return rows;
}

/** A dataset as training sees it: all images as one memory-mapped tensor, with labels. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Descriptor } from "../base/descriptor.ts";
import { areaOf, type ImageSize, sidesOf, sizeText } from "../base/image-size.ts";
import { keep, scope, Tensor } from "../tensor/index.ts";
import type { Condition } from "./conditions.ts";
import type { Choice } from "./options.ts";
import type { DataContext } from "./pack.ts";
import type { Pack, PackHeader } from "./pack-header.ts";
import type { BrokenFile } from "./source.ts";
import { conversionOf, usageOf } from "./usage.ts";

/** Images of one size with class labels. */
export interface Dataset {
  /** Name for people, such as "mnist (train)". */
  readonly name: string;
  /** Number of images, N. */
  readonly count: number;
  /** Number of channels, C. */
  readonly channels: number;
  /** Side of square images in pixels, or height and width, H and W. */
  readonly size: ImageSize;
  /** Names of the classes; empty when the images have none, or conditions in place of them. */
  readonly classes: readonly string[];
  /** uint8 [N, C, H, W] on the CPU. Mapped from the pack: pages are read when they are used. Do not write to it. */
  readonly images: Tensor;
  /** The conditions of each image, such as attributes, and how they are scaled. Undefined when the images have none. */
  readonly conditions?: readonly Condition[] | undefined;
  /**
   * int64 [N] on the CPU: indices into `classes`, all 0 when there are none. With `conditions` float32 [N, conditions], scaled.
   */
  readonly labels: Tensor;
  /** Whether batches mirror each image with probability one half. */
  readonly flip: boolean;
  /** Files that were skipped, and why. */
  readonly broken: readonly BrokenFile[];
  /** How many images of how many files are used and what the others are, in one line; undefined when there is nothing to say. */
  readonly usage?: string | undefined;
  /** What became of them on their way: JPEG, transparency, size. In one line; undefined when they are as they were. */
  readonly conversion?: string | undefined;
  /** Where the images came from and how they were resized: stored with every score. */
  readonly protocolNote?: string;
  /** What of the files was hashed to know them again, in words: stored with every score. */
  readonly hashed?: string;
  /** Changes whenever the files, the selection, the form or the resizer change. */
  readonly fingerprint?: string;
  /** SHA-256 of form, classes, labels and pixels, wherever the files are. */
  readonly contents?: string;
}

/** A recipe's data that are images: its `build` prepares the pack if necessary and resolves to a {@link Dataset}. */
export type DataDescriptor = Descriptor<"data", DataContext, Promise<Dataset>>;

/** Opens a pack as tensors, which are kept until the process ends or they are disposed of. */
export function openDataset(pack: Pack, choice: Pick<Choice, "flip" | "labels">): Dataset {
  const { name, note, hashed, contents, count, channels, size, classes, broken } = pack.header;
  const conditions = choice.labels ? pack.header.conditions : undefined;
  const images = scope(() => {
    const bytes = Tensor.fromFile(pack.imagesPath, { dtype: "uint8", size: count * channels * areaOf(size) });
    const { height, width } = sidesOf(size);
    return keep(bytes.view([count, channels, height, width]));
  });
  const labels = scope(() => {
    if (!choice.labels) return keep(Tensor.zeros([count], { dtype: "int64" }));
    if (conditions !== undefined) {
      const scaled = new Uint8Array(readFileSync(pack.conditionsPath));
      return keep(Tensor.fromArray(new Float32Array(scaled.buffer), [count, conditions.length]));
    }
    const bytes = new Uint8Array(readFileSync(pack.labelsPath));
    return keep(Tensor.fromArray(new BigInt64Array(bytes.buffer), [count]));
  });
  const kept = choice.labels ? classes : [];
  const protocolNote = `${note}; ${resizingOf(pack.header)}`;
  const { flip } = choice;
  const fingerprint = basename(pack.folder);
  return {
    name,
    count,
    channels,
    size,
    classes: kept,
    conditions,
    images,
    labels,
    flip,
    broken,
    usage: usageOf(pack.header),
    conversion: conversionOf(pack.header),
    protocolNote,
    hashed,
    fingerprint,
    contents,
  };
}

function resizingOf({ size, fit, originals: { width, height }, resizer }: PackHeader): string {
  const to = sidesOf(size);
  const isWithin = width[1] <= to.width && height[1] <= to.height;
  if (isWithin && width[0] === to.width && height[0] === to.height) return "not resized";
  if (fit === "pad" && isWithin) return `padded to ${sizeText(size)}`;
  return `made ${sizeText(size)} by \`${fit}\` (${resizer})`;
}

/** Image sets, generated or real: batches of bytes that are forgotten after use. */
import { createHash, type Hash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { UserError } from "../../base/errors.ts";
import { sidesOf, sizeInWords, sizeOf } from "../../base/image-size.ts";
import type { Dataset } from "../../data/index.ts";
import { Generator, keep, scope, Tensor } from "../../tensor/index.ts";

/** Images of one size. */
export interface ImageSet {
  /** Name for people. */
  readonly name: string;
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** What of their files was hashed to know them again, in words; undefined where there are none. */
  readonly hashed?: string | undefined;
  /** All images once, in their order: uint8 [n, C, H, W] on the CPU with n at most `size`. The consumer disposes of each. */
  batches(size: number): Iterable<Tensor> | AsyncIterable<Tensor>;
}

/** Which real images are taken where a protocol wants fewer than there are; fixed, so that their statistics can be kept. */
const SUBSET_SEED = 0;

/**
 * The images of a dataset, or `most` of them, chosen at random by a fixed seed and kept in their order.
 *
 * @example
 * datasetImages(await mnist().build({}), 50_000).count; // 50000
 */
export function datasetImages(dataset: Dataset, most = dataset.count): ImageSet {
  const { name, channels, size, images, hashed } = dataset;
  const count = Math.min(most, dataset.count);
  const rows =
    count === dataset.count
      ? undefined
      : scope(() => {
          const order = Tensor.randperm(dataset.count, { generator: new Generator(SUBSET_SEED) });
          return BigInt64Array.from(order.narrow(0, 0, count).toArray() as BigInt64Array).sort();
        });
  return {
    name,
    count,
    channels,
    ...sidesOf(size),
    hashed,
    *batches(batch) {
      for (let begin = 0; begin < count; begin += batch) {
        const length = Math.min(batch, count - begin);
        yield scope(() =>
          rows === undefined
            ? images.narrow(0, begin, length).clone()
            : images.indexSelect(0, Tensor.fromArray(rows.slice(begin, begin + length))),
        );
      }
    },
  };
}

/** About how many bytes of images are in memory at once. */
const BATCH_BYTES = 2 ** 25;

/** How many images of a set are read at once: `most`, and fewer of large ones. */
export function batchSizeOf({ channels, height, width }: ImageSet, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(BATCH_BYTES / (channels * height * width))));
}

/** Channels that feature networks see: gray, colour, and colour with alpha, which is laid over white. */
const SEEN: readonly number[] = [1, 3, 4];

/** @throws UserError when images have other channels than {@link SEEN}. */
export function requireSeen({ name, channels }: Pick<ImageSet, "name" | "channels">): void {
  if (SEEN.includes(channels)) return;
  throw new UserError(
    `the images of ${name} have ${channels} channels; feature networks see those of 1 (gray), 3 (colour) or 4 (colour and ` +
      "alpha, laid over white), so these cannot be scored: train without `evaluate`",
  );
}

/** Bytes [N, C, H, W] as a feature network takes them: four channels are laid over white and rounded. */
export function asSeen(images: Tensor): Tensor {
  if (images.shape[1] !== 4) return images;
  return scope(() => {
    const alpha = images.narrow(1, 3, 1).float().div(255);
    const colour = images.narrow(1, 0, 3).float().sub(255).mul(alpha).add(255);
    return keep(colour.add(0.5).floor().to({ dtype: "uint8" }));
  });
}

/** What of a set's form a score's numbers depend on, in words, before the feature network's own. */
export function formInWords({ channels, height, width }: Pick<ImageSet, "channels" | "height" | "width">): string[] {
  return [
    ...(channels === 4 ? ["alpha laid over white"] : []),
    ...(height === width ? [] : [`${height}x${width} (height x width): the aspect is not kept where the size changes`]),
  ];
}

/** How images of this form reach a feature network, in words: a score's `resizer`. */
export function resizerFor(
  images: Parameters<typeof formInWords>[0],
  { resizer }: { readonly resizer: string },
): string {
  return [...formInWords(images), resizer].join("; ");
}

const hashes = new WeakMap<ImageSet, string>();

/**
 * SHA-256 over the shape and the bytes of a set's images; they are read once, however often it is asked for. Gray images
 * have one hash, whether they are stored as one channel or as three equal ones: their scores are the same.
 *
 * @throws the reason of `stop` once that is raised.
 */
export async function hashOf(set: ImageSet, stop?: AbortSignal): Promise<string> {
  let hash = hashes.get(set);
  if (hash === undefined) {
    hash = await readHash(set, stop);
    hashes.set(set, hash);
  }
  return hash;
}

async function readHash(set: ImageSet, stop: AbortSignal | undefined): Promise<string> {
  const { count, channels, height, width } = set;
  const begin = (planes: number) => createHash("sha256").update(JSON.stringify([count, planes, height, width]));
  const hash = begin(channels);
  let gray = channels === 3 ? begin(1) : undefined;
  for await (const batch of set.batches(batchSizeOf(set, 1024))) {
    const bytes = batch.toArray() as Uint8Array;
    batch.dispose();
    hash.update(bytes);
    if (gray !== undefined && !addGray(gray, bytes, height * width)) gray = undefined;
    stop?.throwIfAborted();
    await setImmediate();
  }
  return (gray ?? hash).digest("hex");
}

/** Adds the first plane of each image of three; false when the planes of one differ. */
function addGray(hash: Hash, bytes: Uint8Array, area: number): boolean {
  for (let at = 0; at < bytes.length; at += 3 * area) {
    const [red, green, blue] = [0, 1, 2].map((plane) => bytes.subarray(at + plane * area, at + (plane + 1) * area));
    if (Buffer.compare(red!, green!) !== 0 || Buffer.compare(red!, blue!) !== 0) return false;
    hash.update(red!);
  }
  return true;
}

/**
 * @throws UserError unless both sets hold images of one size: a difference would be of the resizing, not of the images.
 */
export function requireSameSize(fake: ImageSet, real: ImageSet): void {
  if (fake.height === real.height && fake.width === real.width) return;
  const size = (set: ImageSet) => sizeInWords(sizeOf(set));
  throw new UserError(
    `the images of ${fake.name} are ${size(fake)} and those of ${real.name} ${size(real)}; a score needs both at one size`,
  );
}

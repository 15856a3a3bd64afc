/**
 * Statistics of real images, kept in the cache folder under a key of everything that they depend on: the images' bytes,
 * the network's weights and resizer, and the engine. Another evaluation of the same data begins at once.
 *
 * The moments that the quickstart compares with come with Gantry, so that its first evaluation begins at once, too.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { canonicalJson } from "../base/canonical-json.ts";
import { UserError } from "../base/errors.ts";
import { cacheFolder, sha256 } from "../data/index.ts";
import { makeFolder, readCheckedTensors, readSafetensorsHeader, writeCheckedTensors } from "../formats/index.ts";
import { engineSummary, type Tensor } from "../tensor/index.ts";
import { type CollectOptions, collect } from "./collect.ts";
import type { FeatureNetwork } from "./features/feature-network.ts";
import { hashOf, type ImageSet } from "./images/image-set.ts";
import type { Part, Sample } from "./metric.ts";

/** Raised whenever the numbers or their layout change. */
const VERSION = 2;

/** The version under which the shipped moments were computed. Those of now differ from them by rounding alone. */
const SHIPPED_VERSION = 1;

/** Real images' statistics, and what identifies the images. */
export interface RealStatistics {
  readonly sample: Sample;
  readonly hash: string;
}

/**
 * Moments that come with Gantry, by their key, which leaves out the engine: whichever engine computes them, the features differ by
 * rounding alone (weights/README.md). The folder is two levels up from here in the sources as in dist/.
 */
const SHIPPED = fileURLToPath(new URL("../../weights/real-statistics", import.meta.url));

/**
 * The wanted parts of a set of real images, from those that come with Gantry or from the cache where they have them.
 *
 * @throws UserError when an image cannot be scored. A cache that cannot be written is a warning.
 */
export async function realStatistics(
  network: FeatureNetwork,
  images: ImageSet,
  parts: ReadonlySet<Part>,
  options: CollectOptions & { warn?(message: string): void } = {},
): Promise<RealStatistics> {
  const hash = await hashOf(images, options.stop);
  const { shipped, folder, file } = filesFor(network, hash);
  if (parts.has("moments") && existsSync(shipped)) {
    // Whatever else is asked for, the moments have the same bits.
    const rest = withoutMoments(parts);
    const others = rest.size > 0 ? (await realStatistics(network, images, rest, options)).sample : undefined;
    others?.moments?.mean.dispose();
    others?.moments?.covariance.dispose();
    const { moments } = sampleOf(images.count, readCheckedTensors(shipped).tensors);
    return { sample: { ...others, count: images.count, moments }, hash };
  }
  const found = kept(file, options.warn?.bind(options));
  const has = (part: Part): boolean => found.has(nameOf(part));
  const all: Part[] = ["moments", "features", "logits"];
  if ([...parts].every(has)) {
    const sample = sampleOf(images.count, found);
    return { sample, hash };
  }
  for (const tensor of found.values()) tensor.dispose();
  const sample = await collect(network, images, new Set(all.filter((part) => parts.has(part) || has(part))), options);
  try {
    makeFolder(folder);
    writeCheckedTensors(file, tensorsOf(sample), {
      images: images.name,
      network: network.name,
      count: String(images.count),
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    options.warn?.(`the statistics of ${images.name} are not kept, and computed again next time: ${error.message}`);
  }
  return { sample, hash };
}

/**
 * Whether {@link realStatistics} has these parts without looking at the images again.
 * @throws the reason of `stop` when it is raised.
 */
export async function hasRealStatistics(
  network: FeatureNetwork,
  images: ImageSet,
  parts: ReadonlySet<Part>,
  stop?: AbortSignal,
): Promise<boolean> {
  const { shipped, file } = filesFor(network, await hashOf(images, stop));
  const needed = existsSync(shipped) ? withoutMoments(parts) : parts;
  if (needed.size === 0) return true;
  if (!existsSync(file)) return false;
  try {
    const { tensors } = readSafetensorsHeader(file);
    return [...needed].every((part) => tensors.some(({ name }) => name === nameOf(part)));
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

const withoutMoments = (parts: ReadonlySet<Part>): Set<Part> =>
  new Set([...parts].filter((part) => part !== "moments"));

/** The tensor of a file that shows that it has a part. */
const nameOf = (part: Part): string => (part === "moments" ? "mean" : part);

/** The files that may hold the statistics of images with that hash. */
function filesFor(network: FeatureNetwork, hash: string): { shipped: string; folder: string; file: string } {
  const { threads: _, ...engine } = engineSummary();
  const { name, hash: weights, resizer } = network;
  const named = (key: object): string =>
    `${sha256(canonicalJson({ version: VERSION, hash, name, weights, resizer, ...key })).slice(0, 32)}.safetensors`;
  const folder = join(cacheFolder(), "real-statistics");
  return { shipped: join(SHIPPED, named({ version: SHIPPED_VERSION })), folder, file: join(folder, named({ engine })) };
}

/** The contents of the cache. Nothing where its file is absent or damaged, because it can be made again. */
function kept(file: string, warn?: (message: string) => void): ReadonlyMap<string, Tensor> {
  if (!existsSync(file)) return new Map();
  try {
    return readCheckedTensors(file).tensors;
  } catch (error) {
    if (error instanceof UserError) {
      warn?.(`${error.message}; the statistics are computed again`);
      return new Map();
    }
    throw error;
  }
}

function tensorsOf({ moments, features, logits }: Sample): Map<string, Tensor> {
  const named = { mean: moments?.mean, covariance: moments?.covariance, features, logits };
  return new Map(Object.entries(named).filter((entry): entry is [string, Tensor] => entry[1] !== undefined));
}

function sampleOf(count: number, tensors: ReadonlyMap<string, Tensor>): Sample {
  const [mean, covariance] = [tensors.get("mean"), tensors.get("covariance")];
  return {
    count,
    moments: mean && covariance ? { count, mean, covariance } : undefined,
    features: tensors.get("features"),
    logits: tensors.get("logits"),
  };
}

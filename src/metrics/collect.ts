/** One pass over a set of images, through a feature network where that is needed. It keeps only what the metrics need. */
import { setImmediate } from "node:timers/promises";
import { UserError } from "../base/errors.ts";
import { inferenceMode, keep, scope, Tensor } from "../tensor/index.ts";
import type { FeatureNetwork } from "./features/feature-network.ts";
import { Moments } from "./formulas/moments.ts";
import { asSeen, batchSizeOf, type ImageSet } from "./images/image-set.ts";
import type { Part, Sample } from "./metric.ts";

/**
 * Images in every pass of the feature network: Inception's activations of 64 images take some 350 MB. Of images above 418
 * pixels fewer are taken, as they reach the network at their own size and in float32. The engine rounds otherwise for other
 * numbers of images, so a smaller batch is filled up: equal images have equal features, wherever they stand.
 */
export const BATCH = 64;

/** Progress of a pass. */
export interface CollectProgress {
  /** The set of images. */
  readonly name: string;
  readonly done: number;
  readonly total: number;
}

/** Options of a pass. */
export interface CollectOptions {
  onProgress?(progress: CollectProgress): void;
  /** Ends the pass with the reason of the signal. */
  readonly stop?: AbortSignal | undefined;
}

/**
 * Passes every image of a set once, and keeps of the images, features and logits only what `parts` names. Where that is at
 * most the images, no network is needed.
 *
 * @throws UserError when the network answers with something that is not finite, and the reason of `stop` when it is
 * raised.
 */
export async function collect(
  network: FeatureNetwork | undefined,
  images: ImageSet,
  parts: ReadonlySet<Part>,
  { onProgress, stop }: CollectOptions = {},
): Promise<Sample> {
  const { name, count, channels, height, width } = images;
  const through = [...parts].some((part) => part !== "images") ? required(network) : undefined;
  const moments = through && parts.has("moments") ? new Moments(through.dimensions) : undefined;
  const kept = scope(() => ({
    features: through && parts.has("features") ? keep(Tensor.zeros([count, through.dimensions])) : undefined,
    logits: through && parts.has("logits") ? keep(Tensor.zeros([count, through.classes.length])) : undefined,
    images: parts.has("images") ? keep(Tensor.zeros([count, channels, height, width], { dtype: "uint8" })) : undefined,
  }));
  try {
    let done = 0;
    const most = batchSizeOf(images, BATCH);
    for await (const batch of images.batches(most)) {
      const size = batch.shape[0]!;
      inferenceMode(() =>
        scope(() => {
          kept.images?.narrow(0, done, size).copy_(batch);
          if (through === undefined) return;
          const all = through.forward(filled(asSeen(batch), most));
          const [features, logits] = [all.features.narrow(0, 0, size), all.logits.narrow(0, 0, size)];
          refuseBroken(features, name, done);
          moments?.add(features);
          kept.features?.narrow(0, done, size).copy_(features);
          kept.logits?.narrow(0, done, size).copy_(logits);
        }),
      );
      batch.dispose();
      done += size;
      await setImmediate();
      onProgress?.({ name, done, total: count });
      stop?.throwIfAborted();
    }
    if (done !== count) throw new UserError(`${name} gave ${done} images where it had promised ${count}`);
    return { count, ...kept, moments: moments?.result() };
  } catch (error) {
    for (const tensor of Object.values(kept)) tensor?.dispose();
    throw error;
  } finally {
    moments?.dispose();
  }
}

/** @throws when a part comes from a network and there is none: a defect of the caller. */
function required(network: FeatureNetwork | undefined): FeatureNetwork {
  if (network === undefined) throw new Error("features were asked for without a feature network");
  return network;
}

/** A batch filled up to the number that is wanted: its last image is repeated. */
export function filled(batch: Tensor, wanted: number): Tensor {
  const [size, ...image] = batch.shape as [number, ...number[]];
  if (size === wanted) return batch;
  return Tensor.cat([batch, batch.narrow(0, size - 1, 1).expand([wanted - size, ...image])]);
}

function refuseBroken(features: Tensor, name: string, before: number): void {
  const finite = features.isfinite();
  if (finite.all().item() === 1) return;
  const first = finite.float().amin(1).argmin().item();
  throw new UserError(`image ${before + first} of ${name} gives features that are not finite; it cannot be scored`);
}

/** Frees what a sample keeps. */
export function disposeSample(sample: Sample): void {
  sample.features?.dispose();
  sample.logits?.dispose();
  sample.images?.dispose();
  sample.moments?.mean.dispose();
  sample.moments?.covariance.dispose();
}

/**
 * Where distances between images are measured: by the features of a classifier of such images where there is one, else by those
 * of the run's own discriminator, else by pixels.
 */
import { UserError } from "../base/errors.ts";
import type { PixelBatch } from "../formats/index.ts";
import { type FeatureNetwork, featureNames, openFeatures } from "../metrics/index.ts";
import { frozenStatistics } from "../nn/index.ts";
import { inferenceMode, scope, Tensor } from "../tensor/index.ts";
import { type BuiltGan, openForSampling } from "../training/index.ts";
import type { Evidence } from "./evidence.ts";
import { rowsOf } from "./images.ts";

/** Images of one pass. */
const PASS = 64;

/** A space of features. */
export interface FeatureSpace {
  /** For a sentence: "by the features of mnist-classifier". */
  readonly by: string;
  /** A row for each image. */
  rows(images: PixelBatch): readonly ArrayLike<number>[];
  dispose(): void;
}

/** The space for the images of a run. The caller disposes of it. */
export async function featureSpace(run: Evidence): Promise<FeatureSpace> {
  const name = classifierOf(run);
  if (name !== undefined) return ofClassifier(await openFeatures(name, { device: "cpu" }));
  return (await ofDiscriminator(run)) ?? { by: "by pixels", rows: rowsOf, dispose: () => undefined };
}

/** Shipped classifiers by the kind of the data that they know. */
const BY_DATA: Readonly<Record<string, string>> = {
  mnist: "mnist-classifier",
  fashionMnist: "fashion-mnist-classifier",
  cifar10: "cifar10-classifier",
  stackedMnist: "stacked-mnist-classifier",
};

/** The classifier of the run's scores, or the shipped one for such data. Inception would take minutes on a CPU. */
function classifierOf(run: Evidence): string | undefined {
  const { evaluate } = run.description.recipe as { evaluate?: { features?: string } | null };
  const named = evaluate?.features;
  if (named !== undefined && named !== "inception" && featureNames.includes(named)) return named;
  return BY_DATA[run.kindOf("data") ?? ""];
}

function ofClassifier(network: FeatureNetwork): FeatureSpace {
  return {
    by: `by the features of ${network.name}`,
    rows: (images) => scope(() => splitRows(network.forward(bytesOf(images)).features)),
    dispose: () => network.dispose(),
  };
}

/** D's features in the newest checkpoint; undefined where there is none, or it cannot be opened. */
async function ofDiscriminator(run: Evidence): Promise<FeatureSpace | undefined> {
  let gan: BuiltGan;
  let step: number;
  try {
    ({ gan, step } = await openForSampling(run.directory.path));
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
  gan.discriminator.eval();
  return {
    by: `by the features of the run's discriminator at step ${step}`,
    rows: (images) => {
      const parts = Array.from({ length: Math.ceil(images.count / PASS) }, (_, i) => i * PASS);
      return parts.flatMap((start) =>
        inferenceMode(() => scope(() => splitRows(discriminatorFeatures(gan, images, start)))),
      );
    },
    dispose: () => gan.dispose(),
  };
}

/** Features do not depend on classes, which only the last layer sees: any will do. */
function discriminatorFeatures(gan: BuiltGan, images: PixelBatch, start: number): Tensor {
  const { device, memoryFormat } = gan.recipe;
  const bytes = bytesOf(images).narrow(0, start, Math.min(PASS, images.count - start));
  const floats = bytes.to({ device }).to({ dtype: "float32", memoryFormat }).div_(127.5).add_(-1);
  const labels = gan.labels(floats.shape[0]!);
  return frozenStatistics(() => gan.discriminator.forward(floats, labels)).features;
}

const bytesOf = ({ pixels, count, channels, height, width }: PixelBatch): Tensor =>
  Tensor.fromArray(pixels, [count, channels, height, width]);

function splitRows(features: Tensor): Float32Array[] {
  const [count, length] = features.flatten(1).shape as [number, number];
  const values = features.to({ device: "cpu", dtype: "float32" }).toArray() as Float32Array;
  return Array.from({ length: count }, (_, i) => values.slice(i * length, (i + 1) * length));
}

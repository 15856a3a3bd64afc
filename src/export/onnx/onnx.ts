/** A run's network as an ONNX file. */
import { UserError } from "../../base/errors.ts";
import { gantryVersion } from "../../base/version.ts";
import { writeFileAtomic } from "../../formats/index.ts";
import { readClassifier } from "../../models/index.ts";
import { type OpenedCheckpoint, openCheckpoint, RunDirectory, type Trainer } from "../../training/index.ts";
import { type ExportedNetwork, exportedClassifier, exportedNetwork, type NetworkOptions } from "../network.ts";
import { disposeGraph } from "../trace/index.ts";
import { converted } from "./convert.ts";
import { modelBytes, type OnnxValue } from "./model.ts";

/** How a network is written as ONNX. */
export interface OnnxOptions extends NetworkOptions {
  /**
   * The images as bytes 0 to 255 in that layout, in place of floats in [-1, 1] as [N, C, H, W]. Of a generator of images only.
   */
  readonly uint8?: "nchw" | "nhwc" | undefined;
}

/** A model as it is written. */
export interface OnnxModel {
  /** The contents of the file. */
  readonly bytes: Uint8Array;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * The largest difference from Gantry's own outputs on new inputs, of the graph after folding and, with `half`, rounding:
   * absolute, and relative for values above 1.
   */
  readonly difference: number;
}

/**
 * A network of an opened run as an ONNX model.
 *
 * @throws UserError for options that do not fit the run, and for an operator without a form in ONNX, by its name and its
 * module.
 */
export function networkOnnx(opened: OpenedCheckpoint, run: RunDirectory, options: OnnxOptions = {}): OnnxModel {
  const { network = "generator", uint8 } = options;
  if (uint8 !== undefined && (network !== "generator" || "features" in opened.trained.shape.sample)) {
    throw new UserError("uint8: only the images of a generator can be written as bytes");
  }
  return written(exportedNetwork(opened, run, options), options);
}

/** A classifier's file, which `gantry train-classifier` wrote, as an ONNX model: `images` to `features` and `logits`. */
export function classifierOnnx(path: string, { half = false }: Pick<OnnxOptions, "half"> = {}): OnnxModel {
  const { network, info } = readClassifier(path, "cpu");
  try {
    return written(exportedClassifier(network, info, half), { half });
  } finally {
    network.dispose();
  }
}

function written(exported: ExportedNetwork, { half, uint8 }: OnnxOptions): OnnxModel {
  const { graph, kind, metadata, difference } = exported;
  try {
    const bytes = uint8 && { output: "images", layout: uint8 };
    const parts = converted(graph, { half, bytes });
    const description = `${kind} of Gantry ${gantryVersion()}, ${metadata["gantry.data"]}`;
    const model = { name: kind, description, producerVersion: gantryVersion(), metadata, ...parts };
    return { bytes: modelBytes(model), inputs: parts.inputs, outputs: parts.outputs, metadata, difference };
  } finally {
    disposeGraph(graph);
  }
}

/** Options of {@link exportOnnx}. */
export interface ExportOnnxOptions extends OnnxOptions {
  /** "last" (default), "best" by the chosen score, or the number of a step. */
  readonly checkpoint?: string | undefined;
  /** The trainer of the run, where it was defined in code and not in a file. */
  readonly trainer?: Trainer | undefined;
}

/**
 * Writes the generator (or discriminator) of a run as an ONNX model: operator set 17, float32, any size of the batch, inputs
 * `z` [N, latent] and `y` where it takes labels, output `images` [N, C, H, W] in [-1, 1], or `samples` [N, features] of a run
 * on vectors. The averaged weights and standing statistics are taken, as by `sampleRun` of `gantry/sampling`; spectral norm is folded into
 * the weights, batch norm into the layers before it.
 *
 * @param run - the run folder
 * @param file - the file to write
 * @returns the model, with the largest difference of its outputs from Gantry's
 * @throws UserError when there is no such checkpoint, an option does not fit the run, the network calls an operator
 * that has no form in ONNX, or the file cannot be written.
 *
 * @example
 * const { difference } = await exportOnnx("runs/digits", "digits.onnx", { uint8: "nhwc" });
 */
export async function exportOnnx(run: string, file: string, options: ExportOnnxOptions = {}): Promise<OnnxModel> {
  const opened = await openCheckpoint(run, options.checkpoint, options.trainer, "cpu");
  try {
    const model = networkOnnx(opened, new RunDirectory(run), options);
    writeFileAtomic(file, [model.bytes]);
    return model;
  } finally {
    opened.trained.dispose();
  }
}

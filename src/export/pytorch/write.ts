/** A run's network as a Python module for PyTorch. */
import { join } from "node:path";
import { writeFileAtomic } from "../../formats/index.ts";
import { readClassifier } from "../../models/index.ts";
import { openCheckpoint, RunDirectory, type Trainer } from "../../training/index.ts";
import { type ExportedNetwork, exportedClassifier, exportedNetwork, type NetworkOptions } from "../network.ts";
import { disposeGraph } from "../trace/index.ts";
import { pythonModule } from "./module.ts";

/** Options of {@link exportPytorch}. */
export interface ExportPytorchOptions extends Omit<NetworkOptions, "half"> {
  /** "last" (default), "best" by the chosen score, or the number of a step. */
  readonly checkpoint?: string | undefined;
  /** The trainer of the run, where it was defined in code and not in a file. */
  readonly trainer?: Trainer | undefined;
}

/**
 * Writes the generator (or discriminator) of a run as one Python file that needs PyTorch alone: a torch.nn.Module
 * `Generator` (or `Discriminator`) with the weights in the file, and METADATA. Its forward takes `z` [N, latent], and `y` where
 * the generator takes labels, and returns images [N, C, H, W] in [-1, 1], or vectors. A discriminator returns a dictionary of
 * `score`, `logits` and `features`.
 *
 * @param run - the run folder
 * @param file - the file to write
 * @returns the largest difference of the module's operators from Gantry's outputs, on new inputs
 * @throws UserError when there is no such checkpoint, an option does not fit the run, the network cannot be traced, or the
 * file cannot be written.
 *
 * @example
 * await exportPytorch("runs/digits", "digits.py"); // in Python: from digits import Generator
 */
export async function exportPytorch(
  run: string,
  file: string,
  options: ExportPytorchOptions = {},
): Promise<{ readonly difference: number }> {
  const opened = await openCheckpoint(run, options.checkpoint, options.trainer, "cpu");
  try {
    return written(exportedNetwork(opened, new RunDirectory(run), { ...options, half: false }), file);
  } finally {
    opened.trained.dispose();
  }
}

/** Writes the module of a run, or of a classifier's file, into a folder or as a .py file. */
export async function writePytorch(
  run: RunDirectory | string,
  to: string,
  options: ExportPytorchOptions = {},
  note: (text: string) => void = () => {},
): Promise<readonly string[]> {
  const kind = typeof run === "string" ? "classifier" : (options.network ?? "generator");
  const file = to.endsWith(".py") ? to : join(to, `${kind}.py`);
  const { difference } = typeof run === "string" ? classifier(run, file) : await exportPytorch(run.path, file, options);
  note(`largest difference from Gantry's outputs: ${difference.toExponential(1)}`);
  return [file];
}

function classifier(path: string, file: string): { readonly difference: number } {
  const { network, info } = readClassifier(path, "cpu");
  try {
    return written(exportedClassifier(network, info), file);
  } finally {
    network.dispose();
  }
}

function written(exported: ExportedNetwork, file: string): { readonly difference: number } {
  try {
    writeFileAtomic(file, pythonModule(exported));
    return { difference: exported.difference };
  } finally {
    disposeGraph(exported.graph);
  }
}

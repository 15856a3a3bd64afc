/** What `gantry export` can write: one line for each target. */
import type { RunDirectory } from "../training/index.ts";
import { exportCsv } from "./csv.ts";
import type { ExportOptions } from "./options.ts";
import { exportTensorBoard } from "./tensorboard.ts";

/** A form that a run can be written in. */
export interface ExportTarget {
  /** What it is, for help texts. */
  readonly summary: string;
  /** The options that it takes; default: none. */
  readonly options?: readonly (keyof ExportOptions)[];
  /** The ending of its single file, which the user may name in place of a folder. */
  readonly ending?: `.${string}`;
  /** Whether it also writes the file of a classifier. */
  readonly classifiers?: boolean;
  /**
   * Writes it into a folder, or as a file with its ending, and returns the paths of the files.
   *
   * @param run - a run, or the path of a classifier's file
   * @param note - told what the user should know of the result
   */
  write(
    run: RunDirectory | string,
    to: string,
    options?: ExportOptions,
    note?: (text: string) => void,
  ): readonly string[] | Promise<readonly string[]>;
}

const network = ["network", "labels", "averaged", "checkpoint"] as const;

/** By the names that `--to` takes. Files go into the folder of that name in the run, unless the user names another. */
export const exportTargets: Readonly<Record<string, ExportTarget>> = {
  tensorboard: {
    summary: "an event file for TensorBoard",
    write: (run, folder) => [exportTensorBoard(run as RunDirectory, folder)],
  },
  csv: { summary: "tables of comma-separated values", write: (run, folder) => exportCsv(run as RunDirectory, folder) },
  onnx: {
    summary: "a network as an ONNX model",
    options: [...network, "half", "uint8"],
    ending: ".onnx",
    classifiers: true,
    write: async (...given) => (await import("./onnx/index.ts")).writeOnnx(...given),
  },
  pytorch: {
    summary: "a network as a Python module for PyTorch, weights included",
    options: network,
    ending: ".py",
    classifiers: true,
    write: async (...given) => (await import("./pytorch/index.ts")).writePytorch(...given),
  },
  web: {
    summary: "a web page that runs the generator in the browser",
    options: ["averaged", "checkpoint", "half"],
    write: async (run, folder, options) =>
      (await import("./web/index.ts")).exportWeb((run as RunDirectory).path, folder, options),
  },
  hub: {
    summary: "a folder for the Hugging Face hub: weights, settings, ONNX and a model card",
    options: ["averaged", "checkpoint", "license"],
    write: async (run, folder, options) =>
      (await import("./hub/index.ts")).exportHub((run as RunDirectory).path, folder, options),
  },
};

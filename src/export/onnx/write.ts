/** ONNX as a target of `gantry export`. */
import { join } from "node:path";
import { writeFileAtomic } from "../../formats/index.ts";
import { openCheckpoint, type RunDirectory } from "../../training/index.ts";
import { classifierOnnx, type ExportOnnxOptions, networkOnnx, type OnnxModel } from "./onnx.ts";

/** Writes the model of a run, or of a classifier's file, into a folder or as an .onnx file. */
export async function writeOnnx(
  run: RunDirectory | string,
  to: string,
  options: ExportOnnxOptions = {},
  note: (text: string) => void = () => {},
): Promise<readonly string[]> {
  const { network = "generator" } = options;
  const fileOf = (name: string): string => (to.endsWith(".onnx") ? to : join(to, `${name}.onnx`));
  if (typeof run === "string") return finish(classifierOnnx(run, options), fileOf("classifier"), options, note);
  const opened = await openCheckpoint(run.path, options.checkpoint, options.trainer, "cpu");
  try {
    return finish(networkOnnx(opened, run, options), fileOf(network), options, note);
  } finally {
    opened.trained.dispose();
  }
}

function finish(
  { bytes, difference }: OnnxModel,
  file: string,
  { half = false }: ExportOnnxOptions,
  note: (text: string) => void,
): readonly string[] {
  writeFileAtomic(file, [bytes]);
  note(
    `largest difference from Gantry's outputs${half ? " with weights in half precision" : ""}: ${difference.toExponential(1)}`,
  );
  return [file];
}

/**
 * `import ... from "gantry/export"`: a run in the forms that other tools read.
 *
 * @module gantry/export
 */

// Networks: ONNX, and a Python module for PyTorch.
export { exportOnnx } from "../export/onnx/index.ts";
export type { ExportOnnxOptions, OnnxModel, OnnxValue } from "../export/onnx/index.ts";
export { exportPytorch } from "../export/pytorch/index.ts";
export type { ExportPytorchOptions } from "../export/pytorch/index.ts";

// A web page that runs the generator, and a folder for the Hugging Face hub.
export { exportWeb } from "../export/web/index.ts";
export type { ExportWebOptions } from "../export/web/index.ts";
export { exportHub, importHub } from "../export/hub/index.ts";
export type { ExportHubOptions, ImportedHub } from "../export/hub/index.ts";

// Logs: TensorBoard's event files, and tables of comma-separated values.
export { exportCsv, exportTensorBoard } from "../export/index.ts";

/** `import ... from "gantry/export"`: a run in the forms that other tools read. */

// Networks: ONNX, and a Python module for PyTorch.
export { exportOnnx } from "../export/onnx/index.ts";
export type { ExportOnnxOptions, OnnxModel, OnnxValue } from "../export/onnx/index.ts";
export { exportPytorch } from "../export/pytorch/index.ts";
export type { ExportPytorchOptions } from "../export/pytorch/index.ts";

// Logs: TensorBoard's event files, and tables of comma-separated values.
export { exportCsv, exportTensorBoard } from "../export/index.ts";

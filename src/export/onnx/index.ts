export type { OnnxValue } from "./model.ts";
export {
  classifierOnnx,
  type ExportOnnxOptions,
  exportOnnx,
  networkOnnx,
  type OnnxModel,
  type OnnxOptions,
} from "./onnx.ts";
export { writeOnnx } from "./write.ts";

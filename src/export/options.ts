import type { OnnxOptions } from "./onnx/index.ts";

/** The options of all targets together. */
export interface ExportOptions extends OnnxOptions {
  /** "last" (default), "best" by the chosen score, or the number of a step. */
  readonly checkpoint?: string | undefined;
  /** The licence of a hub folder's weights, by the hub's name for it. */
  readonly license?: string | undefined;
}

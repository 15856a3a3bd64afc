/** Export: a run in the forms that other tools read. */
export { exportCsv } from "./csv.ts";
// Not by its folder's index, which also loads what writes a hub folder.
export { type ImportedHub, importHub } from "./hub/import-hub.ts";
export { liveTensorBoard } from "./live.ts";
export type { ExportOptions } from "./options.ts";
export { PROMETHEUS_TYPE, prometheusText, type RunNow } from "./prometheus.ts";
export { type ExportTarget, exportTargets } from "./targets.ts";
export { exportTensorBoard } from "./tensorboard.ts";

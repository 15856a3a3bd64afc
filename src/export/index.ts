/** Export: a run in the forms that other tools read. */
export { liveTensorBoard } from "./live.ts";
export { PROMETHEUS_TYPE, prometheusText, type RunNow } from "./prometheus.ts";
export { type ExportTarget, exportTargets } from "./targets.ts";

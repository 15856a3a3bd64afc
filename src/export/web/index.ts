/** Web pages that run a generator in the reader's browser. */
export { type ExportWebOptions, exportWeb } from "./web.ts";

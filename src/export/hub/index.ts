/** Hub folders: a generator as the Hugging Face hub keeps models, written and read. */
export { type ExportHubOptions, exportHub } from "./hub.ts";
export { type ImportedHub, importHub } from "./import-hub.ts";

export { type ExportPytorchOptions, exportPytorch, writePytorch } from "./write.ts";

/** The library as it is shipped: compiled, since compiling while being measured would cost memory. */
import type * as entry from "../src/entry/gantry.ts";
import type * as nn from "../src/nn/index.ts";
import type * as tensor from "../src/tensor/index.ts";
import type * as training from "../src/training/index.ts";

/** What the benchmarks use: the public names, and the parts of the trainer that they time. */
export type Gantry = typeof entry & typeof nn & typeof tensor & typeof training;

/** Imports it. Not by literal names, or the compiler would ask for the declarations of what it has yet to compile. */
export async function compiled(): Promise<Gantry> {
  const files = ["entry/gantry.js", "nn/index.js", "tensor/index.js", "training/index.js"];
  const modules = await Promise.all(files.map((file) => import(new URL(`../dist/${file}`, import.meta.url).href)));
  return Object.assign({}, ...modules) as Gantry;
}

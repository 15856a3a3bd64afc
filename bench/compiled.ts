/** The library as it is shipped: compiled, since compiling while being measured would cost memory. */
import type * as entry from "../src/entry/gantry.ts";
import type * as nn from "../src/nn/index.ts";
import type * as tensor from "../src/tensor/index.ts";
import type * as training from "../src/training/index.ts";

/** What the benchmarks use: the public names, and the parts of the trainer that they time. */
export type Gantry = typeof entry & typeof nn & typeof tensor & typeof training;

/** Imports it. */
export async function compiled(): Promise<Gantry> {
  const files = ["entry/gantry.js", "nn/index.js", "tensor/index.js", "training/index.js"];
  return Object.assign({}, ...(await Promise.all(files.map(compiledFile)))) as Gantry;
}

/** Imports one file of it, by its path in dist/. No literal names, or the compiler would ask for declarations of what it has yet to compile. */
export function compiledFile<T>(file: string): Promise<T> {
  return import(new URL(`../dist/${file}`, import.meta.url).href) as Promise<T>;
}

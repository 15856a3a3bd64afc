/** Modules by number, for a network that calls them itself. */
import { Module } from "./module.ts";

/**
 * Holds modules that are named "0", "1", ... in the state dict, as in PyTorch.
 *
 * @example
 * for (const block of this.registerModule("blocks", new ModuleList(blocks)).list) maps = block.forward(maps, vector);
 */
export class ModuleList<M extends Module> extends Module {
  readonly list: readonly M[];

  constructor(list: readonly M[]) {
    super();
    this.list = [...list];
    for (const [i, module] of list.entries()) this.registerModule(String(i), module);
  }
}

/** Files in and out: safetensors, .pth, .npy, .npz, IDX, PNG grids, and the atomic writes under them. */
export { writeFileAtomic } from "./atomic.ts";
export { type Idx, parseIdx, readIdx } from "./idx.ts";
export { readNpy, writeNpy } from "./npy.ts";
export { type Npz, type NpzArray, openNpz } from "./npz.ts";
export type { PickleKey } from "./pickle-values.ts";
export { quantise, writePngGrid } from "./png-grid.ts";
export { readPth, readStateDict, type StateDictOptions } from "./pth.ts";
export type { PthValue } from "./pth-plain.ts";
export { readSafetensors, readSafetensorsHeader, type Safetensors, writeSafetensors } from "./safetensors.ts";
export type { SafetensorsDType, SafetensorsHeader, TensorEntry } from "./safetensors-header.ts";
export { encodePng, type GridOptions, type PixelBatch, type RawImage, tile } from "./tiles.ts";

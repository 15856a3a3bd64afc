/** Files in and out: safetensors, .pth, .npy, .npz, IDX, PNG grids, and the atomic writes under them. */
export { fileError, flushFolder, readBytes, temporaryName, writeFileAtomic, writeFully } from "./atomic.ts";
export { type Idx, parseIdx, readIdx, readMaybeGzip } from "./idx.ts";
export { readJsonFile } from "./json-file.ts";
export { LmdbFile, type LmdbPlace, overflowDamage, PAGE_HEADER } from "./lmdb.ts";
export { makeFolder } from "./make-folder.ts";
export { namesIn } from "./names-in.ts";
export { readNpy, writeNpy } from "./npy.ts";
export { type Npz, type NpzArray, openNpz } from "./npz.ts";
export { quoted } from "./one-line.ts";
export type { PickleKey } from "./pickle-values.ts";
export { quantise, writePngGrid } from "./png-grid.ts";
export { lockHolder, takeLock } from "./process-lock.ts";
export { listStateDicts, readPth, readStateDict, type StateDictEntry, type StateDictOptions } from "./pth.ts";
export type { PthValue, SkippedObject } from "./pth-plain.ts";
export { readSafetensors, readSafetensorsHeader, type Safetensors, writeSafetensors } from "./safetensors.ts";
export type { SafetensorsDType, SafetensorsHeader, TensorEntry } from "./safetensors-header.ts";
export { encodePng, type GridOptions, gridSize, type PixelBatch, type RawImage, tile } from "./tiles.ts";

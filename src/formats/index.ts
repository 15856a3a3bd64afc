/** Files in and out: safetensors, .pth, .npy, .npz, IDX, PNG grids, and the atomic writes under them. */

export { type Animation, type AnimationOptions, requireDuration, writeAnimation } from "./animation.ts";
export { flushFolder, readBytes, removeIfPossible, temporaryName, writeFileAtomic, writeFully } from "./atomic.ts";
export { checkedJson, requireIntact } from "./checked-json.ts";
export { readCheckedTensors, writeCheckedTensors } from "./checked-tensors.ts";
export { crcOfFile, hexOf } from "./crc-of-file.ts";
export { crc32c } from "./crc32c.ts";
export { type Event, type EventValue, eventFileStart, eventRecord, SETTINGS_TAG } from "./event-file.ts";
export { type Hdf5File, openHdf5, startsLikeHdf5 } from "./hdf5.ts";
export { type Idx, parseIdx, readIdx, readIdxBytes } from "./idx.ts";
export { readJsonFile } from "./json-file.ts";
export { LmdbFile, type LmdbPlace, overflowDamage, PAGE_HEADER } from "./lmdb.ts";
export { makeFolder } from "./make-folder.ts";
export { namesIn } from "./names-in.ts";
export { readNpy, readNpyHeader, readNpyRows, writeNpy } from "./npy.ts";
export type { NpyNumbers } from "./npy-header.ts";
export { type Npz, type NpzArray, openNpz } from "./npz.ts";
export { NpzWriter, writeNpz } from "./npz-writer.ts";
export { PickledArray, readNumpyPickle } from "./numpy-pickle.ts";
export { quoted } from "./one-line.ts";
export { openParquet, type ParquetColumn, type ParquetFile } from "./parquet.ts";
export type { PickleKey } from "./pickle-values.ts";
export { quantise, writePngGrid } from "./png-grid.ts";
export { lockHolder, takeLock } from "./process-lock.ts";
export { listStateDicts, readPth, readStateDict, type StateDictEntry, type StateDictOptions } from "./pth.ts";
export type { PthValue, SkippedObject } from "./pth-plain.ts";
export { RandomAccessFile, withRandomAccess } from "./random-access.ts";
export { requireSpace, requireWritable } from "./room.ts";
export { readSafetensors, readSafetensorsHeader, type Safetensors, writeSafetensors } from "./safetensors.ts";
export type { SafetensorsDType, SafetensorsHeader, TensorEntry } from "./safetensors-header.ts";
export { readTar, startsLikeTar, type TarMember } from "./tar.ts";
export { membersOfTarGz, type PackedMember } from "./tar-gz.ts";
export { firstNameInTarGz, tarMembers } from "./tar-members.ts";
export {
  encodePng,
  enlarge,
  type GridOptions,
  gridSize,
  imagesOf,
  interleaved,
  joinImages,
  type PixelBatch,
  type RawImage,
  tile,
} from "./tiles.ts";
export { UnfinishedFile, UnfinishedFolder } from "./unfinished.ts";
export { requirePlausible } from "./unpacked.ts";
export { readZipDirectory } from "./zip-directory.ts";
export { zipName } from "./zip-names.ts";
export { ZipWriter } from "./zip-writer.ts";

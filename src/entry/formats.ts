/**
 * `import ... from "gantry/formats"`: files in and out. Writes are atomic: the old file, or the whole new one.
 *
 * @module gantry/formats
 */

// Weights: safetensors, and PyTorch's .pth (read without executing anything).
export {
  listStateDicts,
  readPth,
  readSafetensors,
  readSafetensorsHeader,
  readStateDict,
  writeSafetensors,
} from "../formats/index.ts";
export type { PickleKey, PthValue, Safetensors, SafetensorsDType, SafetensorsHeader } from "../formats/index.ts";
export type { StateDictOptions, TensorEntry } from "../formats/index.ts";

// Arrays: NumPy's .npy and .npz, and MNIST's IDX.
export { type Idx, type Npz, type NpzArray, openNpz, parseIdx, readIdx, readNpy } from "../formats/index.ts";
export { writeNpy, writeNpz } from "../formats/index.ts";

// Images: a batch as a grid in a PNG file.
export { encodePng, type GridOptions, type PixelBatch, quantise, tile, writePngGrid } from "../formats/index.ts";

// Any file.
export { writeFileAtomic } from "../formats/index.ts";

// Charts as SVG text, and SVG as PNG files.
export { bandChart, barPanels, lineChart, writePng } from "../figures/index.ts";
export type { Band, BandChartOptions, Bar, BarPanel, BarPanelsOptions, Curve } from "../figures/index.ts";
export type { LineChartOptions } from "../figures/index.ts";

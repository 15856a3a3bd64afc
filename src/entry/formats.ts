/** `import ... from "gantry/formats"`: files in and out. Writes are atomic: the old file, or the whole new one. */

// Weights: safetensors, and PyTorch's .pth (read without executing anything).
export {
  type PickleKey,
  type PthValue,
  readPth,
  readSafetensors,
  readSafetensorsHeader,
  readStateDict,
  type Safetensors,
  type SafetensorsDType,
  type SafetensorsHeader,
  type StateDictOptions,
  type TensorEntry,
  writeSafetensors,
} from "../formats/index.ts";

// Arrays: NumPy's .npy and .npz, and MNIST's IDX.
export { type Idx, type Npz, type NpzArray, openNpz, parseIdx, readIdx, readNpy, writeNpy } from "../formats/index.ts";

// Images: a batch as a grid in a PNG file.
export { encodePng, type GridOptions, type PixelBatch, quantise, tile, writePngGrid } from "../formats/index.ts";

// Any file.
export { writeFileAtomic } from "../formats/index.ts";

// Charts as SVG text, and SVG as PNG files.
export {
  type Band,
  type BandChartOptions,
  type Bar,
  type BarPanel,
  type BarPanelsOptions,
  bandChart,
  barPanels,
  type Curve,
  type LineChartOptions,
  lineChart,
  writePng,
} from "../figures/index.ts";

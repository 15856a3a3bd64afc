/** `import ... from "gantry/formats"`: files in and out. Writes are atomic: the old file, or the whole new one. */

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
// Weights: safetensors, and PyTorch's .pth (read without executing anything).
// Arrays: NumPy's .npy and .npz, and MNIST's IDX.
// Images: a batch as a grid in a PNG file.
// Any file.
export {
  encodePng,
  type GridOptions,
  type Idx,
  type Npz,
  type NpzArray,
  openNpz,
  type PickleKey,
  type PixelBatch,
  type PthValue,
  parseIdx,
  quantise,
  readIdx,
  readNpy,
  readPth,
  readSafetensors,
  readSafetensorsHeader,
  readStateDict,
  type Safetensors,
  type SafetensorsDType,
  type SafetensorsHeader,
  type StateDictOptions,
  type TensorEntry,
  tile,
  writeFileAtomic,
  writeNpy,
  writePngGrid,
  writeSafetensors,
} from "../formats/index.ts";

/**
 * Inception's weights from NVIDIA's TorchScript file (`inception-2015-12-05.pt`, of StyleGAN2-ADA and clean-fid): the same
 * TensorFlow network under other names, whose batch norms have no gain.
 *
 * The names of its layers are known from programs that use them; of a batch norm's tensors only that one is a mean, one a
 * variance and one an offset is asked.
 */
import { UserError } from "../../base/errors.ts";
import { readZipDirectory, withRandomAccess } from "../../formats/index.ts";
import { loadScript, noGradScope, Tensor } from "../../tensor/index.ts";

/** The first bytes of a zip archive. */
const ZIP = 0x04034b50;

/** The blocks and layers of the state dict, by their names in the TorchScript file. */
const STEM: Readonly<Record<string, string>> = {
  conv: "Conv2d_1a_3x3",
  conv_1: "Conv2d_2a_3x3",
  conv_2: "Conv2d_2b_3x3",
  conv_3: "Conv2d_3b_1x1",
  conv_4: "Conv2d_4a_3x3",
};

const numbered = (from: string, to: string, count: number): [string, string][] =>
  Array.from({ length: count }, (_, i) => [`${from}${i === 0 ? "" : `_${i}`}`, `${to}_${i + 1}`]);
const table = (entries: readonly (readonly [string, string])[]) => Object.fromEntries(entries);

const BLOCK_A = table([
  ["conv", "branch1x1"],
  ...numbered("tower.conv", "branch5x5", 2),
  ...numbered("tower_1.conv", "branch3x3dbl", 3),
  ["tower_2.conv", "branch_pool"],
]);
const BLOCK_B = table([["conv", "branch3x3"], ...numbered("tower.conv", "branch3x3dbl", 3)]);
const BLOCK_C = table([
  ["conv", "branch1x1"],
  ...numbered("tower.conv", "branch7x7", 3),
  ...numbered("tower_1.conv", "branch7x7dbl", 5),
  ["tower_2.conv", "branch_pool"],
]);
const BLOCK_D = table([...numbered("tower.conv", "branch3x3", 2), ...numbered("tower_1.conv", "branch7x7x3", 4)]);
const BLOCK_E = table([
  ["conv", "branch1x1"],
  ["tower_conv", "branch3x3_1"],
  ["tower_mixed_conv", "branch3x3_2a"],
  ["tower_mixed_conv_1", "branch3x3_2b"],
  ["tower_1_conv", "branch3x3dbl_1"],
  ["tower_1_conv_1", "branch3x3dbl_2"],
  ["tower_1_mixed_conv", "branch3x3dbl_3a"],
  ["tower_1_mixed_conv_1", "branch3x3dbl_3b"],
  ["tower_2_conv", "branch_pool"],
]);
const BLOCKS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["Mixed_5b", BLOCK_A],
  ["Mixed_5c", BLOCK_A],
  ["Mixed_5d", BLOCK_A],
  ["Mixed_6a", BLOCK_B],
  ["Mixed_6b", BLOCK_C],
  ["Mixed_6c", BLOCK_C],
  ["Mixed_6d", BLOCK_C],
  ["Mixed_6e", BLOCK_C],
  ["Mixed_7a", BLOCK_D],
  ["Mixed_7b", BLOCK_E],
  ["Mixed_7c", BLOCK_E],
];

/** Every layer: its path in the TorchScript file, and its name in the state dict. */
const LAYERS: readonly (readonly [path: string, name: string])[] = [
  ...Object.entries(STEM).map(([path, name]) => [`layers.${path}.`, name] as const),
  ...BLOCKS.flatMap(([block, layers], i) =>
    Object.entries(layers).map(
      ([path, name]) => [`layers.mixed${i === 0 ? "" : `_${i}`}.${path}.`, `${block}.${name}`] as const,
    ),
  ),
];

/** Whether a file is an archive with a TorchScript program. */
export function isTorchScript(file: string): boolean {
  return withRandomAccess(file, (raw) => {
    if (raw.size < 4 || Buffer.from(raw.read(0, 4)).readUInt32LE(0) !== ZIP) return false;
    return [...readZipDirectory(raw).keys()].some((name) => /^[^/]+\/constants\.pkl$/.test(name));
  });
}

/** The tensors of one layer: its convolution, and the mean, the variance, the offset and the gain of its batch norm. */
function layerOf(all: ReadonlyMap<string, Tensor>, path: string): Record<string, Tensor> {
  const own = [...all].flatMap(([name, tensor]) =>
    name.startsWith(path) ? [{ name: name.slice(path.length), tensor }] : [],
  );
  const find = (what: string, fits: (name: string, tensor: Tensor) => boolean): Tensor => {
    const found = own.filter(({ name, tensor }) => fits(name, tensor));
    if (found.length === 1) return found[0]!.tensor;
    const names = own.map(({ name }) => name).join(", ");
    throw new UserError(
      `the layer \`${path.slice(0, -1)}\` has ${found.length} tensors for ${what} (it has ${names === "" ? "none" : names})`,
    );
  };
  const vector = (pattern: RegExp) => (name: string, tensor: Tensor) => tensor.ndim === 1 && pattern.test(name);
  const gain = own.find(({ name, tensor }) => vector(/(gamma|weight)$/)(name, tensor))?.tensor;
  const mean = find("its mean", vector(/mean$/));
  return {
    "conv.weight": find("its kernel", (_, tensor) => tensor.ndim === 4),
    "bn.weight": gain ?? noGradScope(() => mean.mul(0).add(1)),
    "bn.bias": find("its offset", vector(/(beta|bias)$/)),
    "bn.running_mean": mean,
    "bn.running_var": find("its variance", vector(/var$/)),
  };
}

/**
 * The state dict of the network that `loadScript` reads from a file of that structure.
 *
 * The file's program is loaded, and not run.
 *
 * @throws UserError when the file is not TorchScript, or lacks a layer.
 */
export function readInceptionScript(file: string): Map<string, Tensor> {
  let all: Map<string, Tensor>;
  try {
    all = loadScript(file).state();
  } catch (error) {
    throw new UserError(`${file} is no TorchScript file: ${(error as Error).message.split("\n")[0]}`);
  }
  const state = new Map<string, Tensor>();
  for (const [path, name] of LAYERS) {
    for (const [part, tensor] of Object.entries(layerOf(all, path))) state.set(`${name}.${part}`, tensor);
    state.set(`${name}.bn.num_batches_tracked`, Tensor.zeros([], { dtype: "int64" }));
  }
  for (const part of ["weight", "bias"]) {
    const tensor = all.get(`output.${part}`);
    if (tensor === undefined) throw new UserError(`${file}: the last layer \`output.${part}\` is missing`);
    state.set(`fc.${part}`, tensor);
  }
  return state;
}

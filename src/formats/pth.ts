/**
 * .pth and .pt files: what `torch.save` wrote, read without Python and without running anything.
 *
 * Both forms of file are read (the zip archive since PyTorch 1.6, the stream of pickles before). Tensors that shared
 * memory when they were saved share it again, and keep their layout. The device that they were on and `requires_grad`
 * are not kept: every tensor comes back on the CPU, without gradients.
 */
import { suggestion, UserError } from "../base/errors.ts";
import { ITEM_SIZE, scope, type Tensor, tensorOf } from "../tensor/index.ts";
import { quoted } from "./one-line.ts";
import { describePickled, type PickleKey, type PickleValue } from "./pickle-values.ts";
import { type Container, openContainer } from "./pth-container.ts";
import { copiedElements, layOutTensor } from "./pth-layout.ts";
import { type StorageReference, StoredTensor } from "./pth-names.ts";
import { type PthValue, toPlain } from "./pth-plain.ts";
import { withRandomAccess } from "./random-access.ts";

/**
 * Reads a PyTorch checkpoint: tensors inside the lists and dictionaries that they were saved in.
 *
 * Dictionaries (also OrderedDicts) become maps in their own order, lists, tuples and sizes arrays, devices their names,
 * integers beyond 2^53 bigints, bytes Uint8Arrays. Nothing in the file is run: a checkpoint that asks for any other
 * name (a whole model, an optimizer's own class, `os.system`) is refused with that name.
 *
 * Memory: the tensors, and one storage more while it is read.
 *
 * @throws UserError naming the file and the reason: not a checkpoint, truncated, a wrong checksum, a tensor that
 * reaches beyond its storage, a name that is refused, big-endian data, an element type that Gantry does not have,
 * values nested more than 100 deep, or that hold themselves.
 *
 * @example
 * const checkpoint = readPth("checkpoint.pth"); // Map { "epoch" => 12, "model" => Map { "conv.weight" => Tensor, ... } }
 */
export function readPth(path: string): PthValue {
  return withRandomAccess(path, (file) => {
    const container = openContainer(file);
    return materialise(container, container.value, path);
  });
}

/** Where in a checkpoint a state dict lies. */
export interface StateDictOptions {
  /**
   * The entry of the outermost dictionary that holds it, such as "state_dict" or "g_ema"; default: the outermost
   * itself.
   */
  readonly entry?: string | undefined;
}

/**
 * Reads the state dict of a PyTorch checkpoint: tensors by name, in the order of the file.
 *
 * Only the tensors of that entry are read from the disk, so an optimizer's state next to it costs nothing.
 *
 * @throws UserError as {@link readPth} does, and when the entry is missing or holds anything but tensors; the message
 * then names the entries that would do.
 *
 * @example
 * const inception = readStateDict("pt_inception.pth");
 * const averaged = readStateDict("checkpoint.pth", { entry: "g_ema" });
 */
export function readStateDict(path: string, { entry }: StateDictOptions = {}): Map<string, Tensor> {
  return withRandomAccess(path, (file) => {
    const container = openContainer(file);
    const outermost = container.value;
    if (!(outermost instanceof Map)) {
      throw new UserError(`${path}: no state dict: the file holds ${describePickled(outermost)}, not a dictionary`);
    }
    const chosen = entry === undefined ? outermost : chooseEntry(outermost, entry, path);
    if (!(chosen instanceof Map)) {
      throw new UserError(
        `${path}: entry ${quoted(entry!)} is ${describePickled(chosen)}, not a dictionary of tensors`,
      );
    }
    checkStateDict(chosen, outermost, path);
    return materialise(container, chosen, path) as Map<string, Tensor>;
  });
}

function chooseEntry(outermost: Map<PickleKey, PickleValue>, entry: string, path: string): PickleValue {
  const chosen = outermost.get(entry);
  if (chosen !== undefined) return chosen;
  const names = [...outermost.keys()]
    .filter((key): key is string => typeof key === "string" && /^[\w. -]{1,80}$/.test(key))
    .slice(0, 20);
  throw new UserError(`${path}: it has no entry ${quoted(entry)}${suggestion(entry, names)}`);
}

const isStateDict = (value: PickleValue): value is Map<string, StoredTensor> =>
  value instanceof Map &&
  value.size > 0 &&
  [...value].every(([k, v]) => typeof k === "string" && v instanceof StoredTensor);

function checkStateDict(
  chosen: Map<PickleKey, PickleValue>,
  outermost: Map<PickleKey, PickleValue>,
  path: string,
): void {
  for (const [key, value] of chosen) {
    if (typeof key === "string" && value instanceof StoredTensor) continue;
    const inner = [...outermost].filter(([name, v]) => typeof name === "string" && isStateDict(v)).slice(0, 10);
    const help =
      inner.length === 0
        ? ""
        : `; entries that hold tensors only: ${inner.map(([name]) => quoted(String(name))).join(", ")}`;
    const what =
      typeof key === "string" ? `${quoted(key)} is ${describePickled(value)}` : `a key is ${describePickled(key)}`;
    throw new UserError(`${path}: no state dict: ${what}, not a tensor${help}`);
  }
}

/** Makes tensors of the references in `value`, reading each storage once. */
function materialise(container: Container, value: PickleValue, path: string): PthValue {
  return scope(() => {
    const storages = new Map<StorageReference, Tensor>();
    // Counts the elements that are copied because they are not contiguous. Otherwise many such tensors on one storage
    // could turn a small file into any amount of memory.
    let copied = 0;
    let held = 0;
    return toPlain(value, path, ({ storage, layout }) => {
      let vector = storages.get(storage);
      if (vector === undefined) {
        vector = tensorOf(container.readStorage(storage), storage.dtype, [storage.count]);
        storages.set(storage, vector);
        held += storage.count * ITEM_SIZE[storage.dtype];
      }
      copied += copiedElements(layout) * ITEM_SIZE[storage.dtype];
      if (copied > held + LARGEST_COPIES) {
        throw new UserError(
          `${path}: refused: its strided tensors would take ${copied} bytes, its storages only ${held}`,
        );
      }
      return layOutTensor(vector, layout);
    });
  });
}

/** Strided copies that small files may need beyond the size of their storages, in bytes. */
const LARGEST_COPIES = 2 ** 24;

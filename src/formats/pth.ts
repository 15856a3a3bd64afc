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
import { holdsTensor, tensorDictionaries } from "./pth-entries.ts";
import { copiedElements, layOutTensor } from "./pth-layout.ts";
import { type StorageReference, StoredTensor } from "./pth-names.ts";
import { type PthValue, toPlain } from "./pth-plain.ts";
import { withRandomAccess } from "./random-access.ts";

/**
 * Reads a PyTorch checkpoint: tensors inside the lists and dictionaries that they were saved in.
 *
 * Dictionaries (also OrderedDicts) become maps in their own order, lists, tuples and sizes arrays, devices their names,
 * integers beyond 2^53 bigints, bytes Uint8Arrays. Objects of plain kinds (argparse's Namespace, dates, paths, sets, numpy's
 * numbers and arrays) become `{ skipped: name }`. Nothing in the file is run: a checkpoint that asks for any other name (a
 * whole model, an optimizer's own class, `os.system`) is refused with that name.
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
   * The entry that holds it, such as "state_dict" or "g_ema"; inside others, the keys joined by dots ("models.0"). Default:
   * the outermost dictionary itself.
   */
  readonly entry?: string | undefined;
  /** Called with the name of each entry that is no tensor and was passed over, and what it is in a few words. */
  readonly skipped?: ((name: string, what: string) => void) | undefined;
}

/**
 * Reads the state dict of a PyTorch checkpoint: tensors by name, in the order of the file.
 *
 * Only the tensors of that entry are read from the disk, so an optimizer's state next to it costs nothing. Numbers,
 * texts and other plain values that stand between the tensors are passed over.
 *
 * @throws UserError as {@link readPth} does, and when the entry is missing or holds tensors in further dictionaries; the
 * message then names the entries that would do.
 *
 * @example
 * const inception = readStateDict("pt_inception.pth");
 * const averaged = readStateDict("checkpoint.pth", { entry: "g_ema" });
 */
export function readStateDict(path: string, { entry, skipped }: StateDictOptions = {}): Map<string, Tensor> {
  return withRandomAccess(path, (file) => {
    const container = openContainer(file);
    const outermost = container.value;
    const chosen = entry === undefined ? outermost : chooseEntry(outermost, entry, path);
    return materialise(container, tensorsOf(chosen, entry, outermost, { path, skipped }), path) as Map<string, Tensor>;
  });
}

/** A dictionary of tensors in a checkpoint. */
export interface StateDictEntry {
  /** What `readStateDict` takes for its `entry`; "" for the outermost dictionary. */
  readonly entry: string;
  /** The names of its tensors, in the order of the file. */
  readonly names: readonly string[];
}

/**
 * Lists the dictionaries of tensors in a checkpoint, outer before inner. No tensor is read from the disk.
 *
 * @throws UserError as {@link readPth} does.
 *
 * @example
 * listStateDicts("checkpoint.pth"); // [{ entry: "g_ema", names: ["conv.weight", ...] }, ...]
 */
export function listStateDicts(path: string): StateDictEntry[] {
  return withRandomAccess(path, (file) =>
    tensorDictionaries(openContainer(file).value).map(({ entry, dictionary }) => ({
      entry,
      names: [...dictionary].flatMap(([key, value]) =>
        typeof key === "string" && value instanceof StoredTensor ? [key] : [],
      ),
    })),
  );
}

function chooseEntry(outermost: PickleValue, entry: string, path: string): PickleValue {
  const direct = outermost instanceof Map ? outermost.get(entry) : undefined;
  if (direct !== undefined) return direct;
  const inside = tensorDictionaries(outermost);
  const chosen = inside.find((inner) => inner.entry === entry);
  if (chosen !== undefined) return chosen.dictionary;
  const keys = outermost instanceof Map ? [...outermost.keys()] : [];
  const names = [...keys, ...inside.map((inner) => inner.entry)]
    .filter((key): key is string => typeof key === "string" && /^[\w. -]{1,80}$/.test(key))
    .slice(0, 20);
  throw new UserError(`${path}: it has no entry ${quoted(entry)}${suggestion(entry, names)}`);
}

/** The tensors of a dictionary, by name. */
function tensorsOf(
  chosen: PickleValue,
  entry: string | undefined,
  outermost: PickleValue,
  { path, skipped }: { path: string; skipped: StateDictOptions["skipped"] },
): PickleValue {
  const help = (): string => {
    const entries = tensorDictionaries(outermost)
      .filter((inner) => inner.entry !== "" && inner.entry !== entry && !/optim/i.test(inner.entry))
      .slice(0, 10);
    return entries.length === 0 ? "" : `; entries that hold tensors: ${entries.map((e) => quoted(e.entry)).join(", ")}`;
  };
  if (!(chosen instanceof Map)) {
    const what = describePickled(chosen);
    throw new UserError(
      entry === undefined
        ? `${path}: no state dict: the file holds ${what}, not a dictionary${help()}`
        : `${path}: entry ${quoted(entry)} is ${what}, not a dictionary of tensors${help()}`,
    );
  }
  const tensors = new Map<PickleKey, PickleValue>();
  const others: [PickleKey, PickleValue][] = [];
  for (const [key, value] of chosen) {
    if (typeof key === "string" && value instanceof StoredTensor) tensors.set(key, value);
    else others.push([key, value]);
  }
  // Tensors further inside may be the weights, and those between them a counter.
  if (tensors.size === 0 || others.some(([, value]) => holdsTensor(value))) {
    const [key, value] = others[0] ?? [];
    const what =
      key === undefined
        ? "it holds nothing"
        : typeof key === "string"
          ? `${quoted(key)} is ${describePickled(value)}, not a tensor`
          : `a key is ${describePickled(key)}, not a name`;
    throw new UserError(`${path}: no state dict: ${what}${help()}`);
  }
  for (const [key, value] of others) skipped?.(String(key), describePickled(value));
  return tensors;
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

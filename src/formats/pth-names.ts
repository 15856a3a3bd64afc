/**
 * The few Python names that a file of tensors asks for, and what they become here. Those of objects that are passed
 * over are in pth-skipped.ts.
 *
 * The list follows what `torch.save` writes for tensors, parameters, state dicts and sizes (`torch/_utils.py`,
 * `_rebuild_tensor_v2` and `_rebuild_parameter`; `torch/serialization.py`, `persistent_id`). Nothing else is known, so
 * nothing else can be reached.
 */
import { UserError } from "../base/errors.ts";
import { type DType, ITEM_SIZE } from "../tensor/index.ts";
import { quoted } from "./one-line.ts";
import type { PickleHost } from "./pickle.ts";
import { Callable, describePickled, Foreign, type PickleKey, type PickleValue, Skipped } from "./pickle-values.ts";
import { checkLayout, type Layout } from "./pth-layout.ts";
import { SKIPPED_NAMES } from "./pth-skipped.ts";
import { isCount } from "./shape.ts";

/** A storage: a run of elements that tensors are views of. Its bytes are read later, by `key`. */
export class StorageReference extends Foreign {
  readonly description = "a bare storage";
  readonly key: string;
  readonly dtype: DType;
  /** Elements. */
  readonly count: number;

  constructor(key: string, dtype: DType, count: number) {
    super();
    this.key = key;
    this.dtype = dtype;
    this.count = count;
  }
}

/** A view of a storage, checked to lie inside it: only files from before PyTorch 0.4 hold any. */
class StorageView extends Foreign {
  readonly description = "a view of a storage";
  readonly storage: StorageReference;
  readonly offset: number;
  readonly count: number;

  constructor(storage: StorageReference, offset: number, count: number) {
    super();
    this.storage = storage;
    this.offset = offset;
    this.count = count;
  }
}

/** A tensor whose layout was checked against its storage. */
export class StoredTensor extends Foreign {
  readonly storage: StorageReference;
  readonly layout: Layout;

  constructor(storage: StorageReference, layout: Layout) {
    super();
    this.storage = storage;
    this.layout = layout;
  }

  get description(): string {
    return `a tensor [${this.layout.shape.join(", ")}]`;
  }
}

/** A type of storage, which gives the element type. */
class StorageType extends Foreign {
  readonly description: string;
  readonly dtype: DType;

  constructor(name: string, dtype: DType) {
    super();
    this.description = `the type torch.${name}`;
    this.dtype = dtype;
  }
}

const storageTypes: ReadonlyMap<string, DType> = new Map([
  ["FloatStorage", "float32"],
  ["DoubleStorage", "float64"],
  ["HalfStorage", "float16"],
  ["BFloat16Storage", "bfloat16"],
  ["LongStorage", "int64"],
  ["IntStorage", "int32"],
  ["ShortStorage", "int16"],
  ["CharStorage", "int8"],
  ["ByteStorage", "uint8"],
  ["BoolStorage", "bool"],
]);

/**
 * Python 2 built an OrderedDict from a list of pairs. One list can be named many times by few bytes, so the pairs of a
 * whole file are counted; real files have thousands.
 */
const MOST_PAIRS = 2 ** 20;

/** The host of one file: knows the names above, and gathers the storages that the pickle refers to. */
export class TensorHost implements PickleHost {
  /** Every storage that was referred to, by key. */
  readonly storages = new Map<string, StorageReference>();
  readonly #path: string;
  readonly #names: ReadonlyMap<string, Foreign>;
  #pairs = 0;

  /** @param path opens every message */
  constructor(path: string) {
    this.#path = path;
    const calls: Record<string, (args: readonly PickleValue[]) => PickleValue> = {
      "collections.OrderedDict": (args) => this.#orderedDict(args),
      "collections.defaultdict": () => new Map(),
      "collections.Counter": ([counts]) => (counts instanceof Map ? counts : new Map()),
      "torch._utils._rebuild_tensor": (args) => this.#tensor(args),
      "torch._utils._rebuild_tensor_v2": (args) => this.#tensor(args),
      "torch._utils._rebuild_parameter": (args) => this.#parameter(args),
      "torch.Size": (args) => this.#size(args),
      "torch.device": (args) => this.#device(args),
      "_codecs.encode": (args) => this.#bytes(args),
    };
    this.#names = new Map<string, Foreign>([
      ...SKIPPED_NAMES,
      ...Object.keys(ITEM_SIZE).map((dtype) => [`torch.${dtype}`, new Skipped(`torch.${dtype}`)] as const),
      ...Object.entries(calls).map(([name, call]) => [name, new Callable(name, call)] as const),
      ...Array.from(storageTypes, ([name, dtype]) => [`torch.${name}`, new StorageType(name, dtype)] as const),
    ]);
  }

  global(module: string, name: string): Foreign {
    const full = `${module}.${name}`;
    const known = this.#names.get(full);
    if (known !== undefined) return known;
    const reason = /^torch\.(\w+\.)*\w+Storage$/.test(full)
      ? "Gantry has no tensors of that element type"
      : "a file of tensors and plain values needs no such name, and nothing in it is ever run (save `model.state_dict()`, not the model)";
    throw new UserError(`${this.#path}: refused: the file asks for ${quoted(full)}; ${reason}`);
  }

  persistent(id: PickleValue): PickleValue {
    if (!Array.isArray(id) || id[0] !== "storage") {
      const kind =
        Array.isArray(id) && typeof id[0] === "string" ? `an object of kind ${quoted(id[0])}` : describePickled(id);
      throw new UserError(`${this.#path}: refused: the file refers to ${kind}; only storages of tensors are accepted`);
    }
    const [, type, key, , count, view = null] = id as readonly PickleValue[];
    if (!(type instanceof StorageType) || typeof key !== "string") {
      throw this.#damaged(`a storage of ${describePickled(type)} under ${describePickled(key)}`);
    }
    if (!isCount(count)) throw this.#damaged(`storage ${quoted(key)} has ${describePickled(count)} for its length`);
    const known = this.storages.get(key);
    if (known !== undefined && (known.dtype !== type.dtype || known.count !== count)) {
      throw this.#damaged(
        `storage ${quoted(key)} is ${known.count} elements of ${known.dtype} in one place, ${count} of ${type.dtype} in another`,
      );
    }
    const storage = known ?? new StorageReference(key, type.dtype, count);
    this.storages.set(key, storage);
    return view === null ? storage : this.#view(storage, view);
  }

  #damaged(reason: string): UserError {
    return new UserError(`${this.#path}: damaged: ${reason}`);
  }

  #view(storage: StorageReference, view: PickleValue): StorageView {
    const [, offset, count] = Array.isArray(view) ? (view as PickleValue[]) : [];
    if (!isCount(offset) || !isCount(count) || offset + count > storage.count) {
      throw this.#damaged(`a view of storage ${quoted(storage.key)} reaches beyond its ${storage.count} elements`);
    }
    return new StorageView(storage, offset, count);
  }

  /** (storage, offset, size, stride[, requires_grad, backward_hooks[, metadata]]) */
  #tensor(args: readonly PickleValue[]): StoredTensor {
    const [source, offset, shape, strides, , , metadata] = args;
    if (!(source instanceof StorageReference || source instanceof StorageView)) {
      throw this.#damaged(`a tensor on ${describePickled(source)}`);
    }
    // It marks tensors whose stored numbers are still to be negated or conjugated.
    if (metadata instanceof Map && metadata.size > 0) {
      throw new UserError(
        `${this.#path}: a tensor with marks (${[...metadata.keys()]
          .slice(0, 3)
          .map((k) => quoted(String(k)))
          .join(", ")}) is not supported`,
      );
    }
    const layout = checkLayout(offset, shape, strides, source.count);
    if (typeof layout === "string") throw new UserError(`${this.#path}: ${layout}`);
    if (source instanceof StorageReference) return new StoredTensor(source, layout);
    return new StoredTensor(source.storage, { ...layout, offset: layout.offset + source.offset });
  }

  /** (tensor, requires_grad, backward_hooks): the tensor itself. */
  #parameter(args: readonly PickleValue[]): StoredTensor {
    if (args[0] instanceof StoredTensor) return args[0];
    throw this.#damaged(`a parameter made of ${describePickled(args[0])}`);
  }

  /** (numbers): the numbers. */
  #size(args: readonly PickleValue[]): PickleValue {
    if (args.length === 0) return Object.freeze([]);
    if (Array.isArray(args[0])) return args[0];
    throw this.#damaged(`a size made of ${describePickled(args[0])}`);
  }

  /** (type[, index]): "cpu", "cuda:1". */
  #device(args: readonly PickleValue[]): string {
    const [type, index] = args;
    if (typeof type === "string" && type.length <= 100 && (index === undefined || isCount(index))) {
      return index === undefined ? type : `${type}:${index}`;
    }
    throw this.#damaged(`a device made of ${args.map(describePickled).join(" and ")}`.slice(0, 300));
  }

  /** (text, "latin1"): the bytes, as protocol 2 writes them. */
  #bytes(args: readonly PickleValue[]): Uint8Array {
    const [text, encoding] = args;
    if (typeof text === "string" && (encoding === "latin1" || encoding === "latin-1"))
      return Uint8Array.from(Buffer.from(text, "latin1"));
    throw this.#damaged(`bytes made of ${describePickled(text)} by ${describePickled(encoding)}`);
  }

  /** () or (list of pairs). */
  #orderedDict(args: readonly PickleValue[]): Map<PickleKey, PickleValue> {
    const dictionary = new Map<PickleKey, PickleValue>();
    if (args.length === 0) return dictionary;
    const pairs = args[0];
    if (!Array.isArray(pairs)) throw this.#damaged(`an OrderedDict made of ${describePickled(pairs)}`);
    this.#pairs += pairs.length;
    if (this.#pairs > MOST_PAIRS) throw this.#damaged(`its dictionaries hold more than ${MOST_PAIRS} pairs`);
    for (const pair of pairs as PickleValue[]) {
      const [key, value] = Array.isArray(pair) ? (pair as PickleValue[]) : [];
      if (value === undefined || (typeof key === "object" && key !== null)) {
        throw this.#damaged(`an OrderedDict of ${describePickled(pair)}`);
      }
      dictionary.set(key as PickleKey, value);
    }
    return dictionary;
  }
}

/** Bytes of a storage. */
export const storageBytes = (storage: StorageReference): number => storage.count * ITEM_SIZE[storage.dtype];

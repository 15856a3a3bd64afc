/**
 * Pickles of NumPy arrays, as CIFAR's Python edition has them: dictionaries of arrays, lists, numbers and texts, read
 * without Python by the restricted unpickler. Nothing in a file is run.
 *
 * Known names: `_reconstruct` and `_frombuffer` of NumPy's `core` (`_core` since NumPy 2), `ndarray`, `dtype`, and
 * `_codecs.encode`, by which protocol 2 of Python 3 writes bytes. An array's state is (version, shape, dtype, column-major,
 * bytes), see `array_setstate` of NumPy's `methods.c`.
 */
import { UserError } from "../base/errors.ts";
import { quoted } from "./one-line.ts";
import { type PickleHost, unpickle } from "./pickle.ts";
import { Callable, describePickled, Foreign, type PickleValue, Stateful } from "./pickle-values.ts";
import { ByteCursor, type ByteSource } from "./random-access.ts";
import { isShape, numelOf } from "./shape.ts";

/** Bytes of an element by NumPy's code of its type, without the byte order. */
const widths: Readonly<Record<string, number>> = { u1: 1, i1: 1, i2: 2, i4: 4, i8: 8, f4: 4, f8: 8, b1: 1 };

/** An array of a pickle: its elements are in the byte order of the file. */
export class PickledArray extends Stateful {
  /** NumPy's code of the element type, such as "u1". */
  dtype = "";
  shape: readonly number[] = [];
  bytes: Uint8Array = new Uint8Array();
  readonly #where: string;

  constructor(where: string) {
    super();
    this.#where = where;
  }

  get description(): string {
    return `an array of ${this.dtype} [${this.shape.join(", ")}]`;
  }

  setState(state: PickleValue): void {
    const [, shape, dtype, columnMajor, data] = Array.isArray(state) ? (state as PickleValue[]) : [];
    this.fill(data, dtype, shape, columnMajor);
  }

  fill(
    data: PickleValue | undefined,
    dtype: PickleValue | undefined,
    shape: PickleValue | undefined,
    columnMajor: unknown,
  ): void {
    if (!(dtype instanceof PickledDtype) || !Array.isArray(shape) || !isShape(shape as number[])) {
      throw new UserError(
        `${this.#where}: damaged: an array of ${describePickled(dtype)} with ${describePickled(shape)}`,
      );
    }
    const width = widths[dtype.code];
    if (width === undefined || (width > 1 && dtype.order === ">")) {
      throw new UserError(
        `${this.#where}: an array of element type ${quoted(dtype.order + dtype.code)} is not read; accepted: ${Object.keys(widths).join(", ")}, little-endian`,
      );
    }
    // Python 2 wrote bytes as a text of single-byte characters.
    const bytes = typeof data === "string" ? Buffer.from(data, "latin1") : data;
    const size = numelOf(shape as number[]) * width;
    if (!(bytes instanceof Uint8Array) || bytes.length !== size) {
      const found = bytes instanceof Uint8Array ? `${bytes.length} bytes` : describePickled(bytes);
      throw new UserError(`${this.#where}: damaged: an array [${shape.join(", ")}] of ${size} bytes has ${found}`);
    }
    if (columnMajor === true && shape.length > 1) {
      throw new UserError(`${this.#where}: an array is column-major; save it by numpy.ascontiguousarray`);
    }
    this.dtype = dtype.code;
    this.shape = shape as number[];
    this.bytes = bytes;
  }
}

/** The element type of an array: its state has the byte order. */
class PickledDtype extends Stateful {
  readonly code: string;
  order = "|";

  constructor(code: string) {
    super();
    this.code = code;
  }

  get description(): string {
    return `the element type ${quoted(this.code)}`;
  }

  setState(state: PickleValue): void {
    const order = Array.isArray(state) ? (state as PickleValue[])[1] : undefined;
    if (typeof order === "string") this.order = order.slice(0, 1);
  }
}

class NamedType extends Foreign {
  readonly description: string;

  constructor(name: string) {
    super();
    this.description = `the type ${name}`;
  }
}

class NumpyHost implements PickleHost {
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  global(module: string, name: string): Foreign {
    const full = `${module}.${name}`.replace(/^numpy\._core\./, "numpy.core.");
    if (full === "numpy.core.multiarray._reconstruct") return new Callable(full, () => new PickledArray(this.#where));
    if (full === "numpy.core.numeric._frombuffer") return new Callable(full, (args) => this.#fromBuffer(args));
    if (full === "numpy.ndarray") return new NamedType(full);
    if (full === "numpy.dtype") return new Callable(full, (args) => this.#dtype(args));
    if (full === "_codecs.encode") return new Callable(full, (args) => this.#encoded(args));
    throw new UserError(
      `${this.#where}: refused: the file asks for ${quoted(full)}; arrays, numbers and texts need no such name, and nothing in it ` +
        "is ever run",
    );
  }

  persistent(id: PickleValue): PickleValue {
    throw new UserError(`${this.#where}: refused: the file refers to ${describePickled(id)} outside of itself`);
  }

  #dtype([code]: readonly PickleValue[]): PickledDtype {
    if (typeof code !== "string")
      throw new UserError(`${this.#where}: damaged: an element type of ${describePickled(code)}`);
    return new PickledDtype(code.replace(/^[<>|=]/, ""));
  }

  /** (bytes, dtype, shape, order), as protocol 5 writes arrays. */
  #fromBuffer([data, dtype, shape, order]: readonly PickleValue[]): PickledArray {
    const array = new PickledArray(this.#where);
    array.fill(data, dtype, shape, order === "F");
    return array;
  }

  #encoded([text, encoding]: readonly PickleValue[]): Uint8Array {
    if (typeof text === "string" && (encoding === "latin1" || encoding === "latin-1"))
      return Buffer.from(text, "latin1");
    throw new UserError(`${this.#where}: damaged: bytes made of ${describePickled(text)}`);
  }
}

/**
 * What a pickle in memory holds, with {@link PickledArray} for each array.
 * @throws UserError when it is damaged or asks for any other name.
 */
export function readNumpyPickle(bytes: Uint8Array, where: string): PickleValue {
  const source: ByteSource = { read: (position, length) => bytes.subarray(position, position + length) };
  return unpickle(new ByteCursor(source, 0, bytes.length, where), new NumpyHost(where));
}

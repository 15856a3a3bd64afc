/** .npz files that are written by rows, several arrays in turns: fifty thousand images need not fit into memory. */
import { bytesOf, type DType, ITEM_SIZE, type Tensor } from "../tensor/index.ts";
import { npyHeader } from "./npy-header.ts";
import { ZipWriter } from "./zip-writer.ts";

/**
 * Writes named arrays of known shapes, row-major, uncompressed as by `numpy.savez`. Atomically: there is no file before
 * `finish()`.
 *
 * @throws UserError when the file system refuses, or NumPy has no such element type.
 *
 * @example
 * const npz = new NpzWriter("samples.npz", { arr_0: { dtype: "uint8", shape: [50_000, 32, 32, 3] } });
 * for (const rows of batches) npz.append("arr_0", rows);
 * npz.finish();
 */
export class NpzWriter {
  readonly #zip: ZipWriter;
  readonly #entries: ReadonlyMap<string, ReturnType<ZipWriter["reserve"]>>;

  constructor(path: string, arrays: Readonly<Record<string, { dtype: DType; shape: readonly number[] }>>) {
    const heads = Object.entries(arrays).map(([name, { dtype, shape }]) => {
      const bytes = shape.reduce((product, size) => product * size, ITEM_SIZE[dtype]);
      return { name, bytes, head: npyHeader(dtype, shape, path) };
    });
    this.#zip = new ZipWriter(path);
    this.#entries = new Map(
      heads.map(({ name, bytes, head }) => {
        const entry = this.#zip.reserve(`${name}.npy`, head.length + bytes);
        this.#zip.append(entry, head);
        return [name, entry];
      }),
    );
  }

  /** Adds rows of an array: the bytes of its elements, little-endian. */
  append(name: string, { buffer, byteOffset, byteLength }: ArrayBufferView): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new Error(`there is no array ${name}`);
    this.#zip.append(entry, new Uint8Array(buffer, byteOffset, byteLength));
  }

  /** @throws Error when an array lacks rows. */
  finish(): void {
    this.#zip.finish();
  }

  /** Removes what was written. */
  abandon(): void {
    this.#zip.abandon();
  }
}

/**
 * Writes whole tensors as .npz, atomically. Equal tensors give equal bytes.
 *
 * @throws UserError for bfloat16, which NumPy does not have, and when the file system refuses.
 *
 * @example
 * writeNpz("statistics.npz", { mu: mean, sigma: covariance }); // numpy.load("statistics.npz")["mu"]
 */
export function writeNpz(path: string, arrays: Readonly<Record<string, Tensor>>): void {
  const npz = new NpzWriter(path, arrays);
  try {
    for (const [name, tensor] of Object.entries(arrays)) npz.append(name, bytesOf(tensor));
    npz.finish();
  } catch (error) {
    npz.abandon();
    throw error;
  }
}

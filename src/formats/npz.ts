/**
 * .npz files: named NumPy arrays in a zip archive, read by rows, so that fifty thousand images need not fit into
 * memory.
 *
 * Other tools keep generated samples (`arr_0`, uint8 [N, H, W, C], perhaps labels in `arr_1`) and the statistics of
 * real images (`mu`, `sigma`, float64) in this form. `numpy.savez` stores, `numpy.savez_compressed` deflates; both are
 * read.
 */
import { suggestion, UserError } from "../base/errors.ts";
import type { DType, Tensor } from "../tensor/index.ts";
import {
  NPY_PREFIX,
  type NpyHeader,
  type NpyNumbers,
  npyHeaderLength,
  npyNumbers,
  npyTensor,
  parseNpyHeader,
} from "./npy-header.ts";
import { quoted } from "./one-line.ts";
import { RandomAccessFile } from "./random-access.ts";
import { readZipDirectory, type ZipEntry } from "./zip-directory.ts";
import { ZipEntryReader } from "./zip-stream.ts";

/** The description of an array, known before its elements are read. */
export interface NpzArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

interface Member extends NpzArray {
  readonly header: NpyHeader;
  /** Where the elements start in the entry. */
  readonly start: number;
  readonly reader: ZipEntryReader;
}

/** An open .npz file; see {@link openNpz}. Close it when done. */
export class Npz {
  readonly path: string;
  /** The arrays that can be read, in the order of the file. */
  readonly arrays: ReadonlyMap<string, NpzArray>;
  /** The arrays that cannot be read, each with the reason: Python objects, complex numbers, text, damage. */
  readonly refused: ReadonlyMap<string, string>;
  readonly #file: RandomAccessFile;
  readonly #members: ReadonlyMap<string, Member>;
  /** Requests are served one after the other, because a deflated array can be read only in order. */
  #last: Promise<unknown> = Promise.resolve();

  /** @internal See {@link openNpz}. */
  constructor(file: RandomAccessFile, members: ReadonlyMap<string, Member>, refused: ReadonlyMap<string, string>) {
    this.path = file.path;
    this.#file = file;
    this.#members = members;
    this.arrays = new Map(Array.from(members, ([name, { dtype, shape }]) => [name, { dtype, shape }]));
    this.refused = refused;
  }

  /**
   * A whole array, on the CPU, row-major.
   *
   * @throws UserError when there is no such array, it was refused, it is damaged (checksums are compared), or it is
   * larger than 4 GiB.
   *
   * @example
   * const mu = await npz.array("mu");
   */
  array(name: string): Promise<Tensor> {
    return this.#inTurn(async () => {
      const { header, start, reader } = this.#member(name);
      await reader.read(0, start);
      const tensor = npyTensor(await reader.read(start, header.bytes), header);
      reader.close();
      return tensor;
    });
  }

  /**
   * Rows `begin` to `end - 1` of an array along its first dimension.
   *
   * Rows that are asked for in order from the first to the last are checked against the archive's checksum when the
   * last is read. Going back in a deflated array inflates it from its start again.
   *
   * @throws UserError as {@link array} does, and when the rows are not there, or the array is column-major (its rows
   * then lie scattered over the whole of it).
   *
   * @example
   * const first = await npz.rows("arr_0", 0, 100); // uint8 [100, 64, 64, 3]
   */
  rows(name: string, begin: number, end: number): Promise<Tensor> {
    return this.#inTurn(async () => {
      const { header, shape } = this.#member(name);
      return npyTensor(await this.#bytesOfRows(name, begin, end), header, [end - begin, ...shape.slice(1)]);
    });
  }

  /**
   * What {@link rows} reads, as numbers one after the other, without the engine.
   * @throws UserError as {@link rows} does, and for float16.
   */
  numbers(name: string, begin: number, end: number): Promise<NpyNumbers> {
    return this.#inTurn(async () => {
      const { header } = this.#member(name);
      const numbers = npyNumbers(await this.#bytesOfRows(name, begin, end), header);
      if (numbers !== undefined) return numbers;
      throw new UserError(`${this.path}: array ${quoted(name)} is float16; save it as float32`);
    });
  }

  async #bytesOfRows(name: string, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const { header, start, reader, shape } = this.#member(name);
    const where = `${this.path}: array ${quoted(name)}`;
    const [count, ...rest] = shape;
    if (count === undefined) throw new UserError(`${where} is a single number and has no rows`);
    if (header.fortranOrder && rest.length > 0) {
      throw new UserError(
        `${where} is column-major and cannot be read by rows; save it again as numpy.ascontiguousarray gives it`,
      );
    }
    if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < begin || end > count) {
      throw new UserError(`${where} has rows 0 to ${count}; ${begin} to ${end} were asked for`);
    }
    const width = rest.reduce((a, b) => a * b, header.width);
    // A run from the first row on starts at the entry's first byte, so that the checksum covers all of it.
    if (begin === 0) await reader.read(0, start);
    return reader.read(start + begin * width, (end - begin) * width);
  }

  /** Closes the file, after what was asked for before is read. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      for (const { reader } of this.#members.values()) reader.close();
      this.#file.close();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  #member(name: string): Member {
    const member = this.#members.get(name);
    if (member !== undefined) return member;
    const reason = this.refused.get(name);
    if (reason !== undefined) throw new UserError(reason);
    const names = [...this.arrays.keys()].filter((known) => /^[\w. -]{1,80}$/.test(known)).slice(0, 20);
    throw new UserError(`${this.path}: it has no array ${quoted(name)}${suggestion(name, names)}`);
  }
}

/**
 * Opens an .npz file and reads what arrays it holds, but none of their elements. Members that are no .npy files are
 * left out.
 *
 * @throws UserError naming the file when it cannot be read, is no zip archive, is damaged or holds no array.
 *
 * @example
 * const npz = await openNpz("samples.npz");
 * npz.arrays.get("arr_0"); // { dtype: "uint8", shape: [50000, 64, 64, 3] }
 */
export async function openNpz(path: string): Promise<Npz> {
  const file = new RandomAccessFile(path);
  try {
    const members = new Map<string, Member>();
    const refused = new Map<string, string>();
    for (const entry of readZipDirectory(file).values()) {
      if (!entry.name.endsWith(".npy")) continue;
      const name = entry.name.slice(0, -".npy".length);
      try {
        members.set(name, await openMember(file, entry, `${path}: array ${quoted(name)}`));
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        refused.set(name, error.message);
      }
    }
    if (members.size + refused.size === 0) throw new UserError(`${path}: the archive holds no array (<name>.npy)`);
    return new Npz(file, members, refused);
  } catch (error) {
    file.close();
    throw error;
  }
}

async function openMember(file: RandomAccessFile, entry: ZipEntry, where: string): Promise<Member> {
  const reader = new ZipEntryReader(file, entry);
  try {
    const start = npyHeaderLength(await reader.read(0, Math.min(NPY_PREFIX, entry.size)), where);
    const header = parseNpyHeader(await reader.read(0, start), where);
    if (entry.size - start !== header.bytes) {
      throw new UserError(
        `${where}: its header promises [${header.shape.join(", ")}] of ${header.dtype}, ${header.bytes} bytes; ` +
          `${entry.size - start} follow it`,
      );
    }
    // Deflated members would each keep a decoder open until they are read.
    if (entry.method === "deflated") reader.close();
    return { dtype: header.dtype, shape: header.shape, header, start, reader };
  } catch (error) {
    reader.close();
    throw error;
  }
}

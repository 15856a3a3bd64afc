/**
 * A restricted unpickler: Python's pickle as data only.
 *
 * A pickle is a program for a stack machine (the comments of Python's own `pickletools` describe every instruction).
 * One of its instructions calls any function that can be imported, so loading a pickle with Python runs its author's
 * code. Here the machine has no functions. It asks the `host` for each name; the host knows a fixed few and refuses all
 * others. Only what the host made callable can be called. Sets, and what a host made of an object that it passes over
 * ({@link Skipped}), lose their contents.
 *
 * The machine is flat (deep nesting costs no stack), and every length is compared with the bytes that are left, so the
 * time and memory it takes are bounded by the size of the pickle. Its result may still hold one list in many places, or
 * itself: a caller that walks it must expect that.
 */
import { UserError } from "../base/errors.ts";
import {
  Callable,
  describePickled,
  type Foreign,
  type PickleKey,
  type PickleValue,
  Skipped,
  Stateful,
} from "./pickle-values.ts";
import type { ByteCursor } from "./random-access.ts";

/** Resolves names and persistent identifiers. Both methods throw UserError for what they do not know. */
export interface PickleHost {
  global(module: string, name: string): Foreign;
  persistent(id: PickleValue): PickleValue;
}

const LONGEST_NAME = 1000;
/** Python writes integers of any length; reading a long one takes time that grows with its square. */
const LONGEST_INTEGER = 255;

const MARK = Symbol("mark");

/**
 * The most instructions of a pickle, of which one that makes a container or keeps a value counts tenfold: together they stay below
 * half a gigabyte of memory. A checkpoint has some twenty for each tensor.
 */
const MOST_INSTRUCTIONS = 10_000_000;
const COST = 10;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The instructions that are refused, by their byte, with what Python calls them. */
const refused: ReadonlyMap<number, string> = new Map([
  [0x46, "FLOAT"],
  [0x49, "INT"],
  [0x4c, "LONG"],
  [0x50, "PERSID"],
  [0x53, "STRING"],
  [0x56, "UNICODE"],
  [0x67, "GET"],
  [0x70, "PUT"],
  [0x6f, "OBJ"],
  [0x82, "EXT1"],
  [0x83, "EXT2"],
  [0x84, "EXT4"],
  [0x97, "NEXT_BUFFER"],
  [0x98, "READONLY_BUFFER"],
]);

/**
 * Runs the pickle at the cursor up to its end, and leaves the cursor behind it.
 *
 * @throws UserError, opened by the cursor's `where`, when the pickle is cut short or damaged, or asks for a name, an
 * identifier or an instruction that is refused.
 */
export function unpickle(cursor: ByteCursor, host: PickleHost): PickleValue {
  return new Machine(cursor, host).run();
}

/** The instructions that make a list, tuple, dictionary or set, or keep a value in the memo. */
const COSTLY: ReadonlySet<number> = new Set([
  ...[0x5d, 0x6c, 0x29, 0x74, 0x85, 0x86, 0x87, 0x7d, 0x64, 0x8f, 0x91, 0x94, 0x71, 0x72],
]);

class Machine {
  readonly #cursor: ByteCursor;
  readonly #host: PickleHost;
  readonly #stack: (PickleValue | typeof MARK)[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #spent = 0;

  constructor(cursor: ByteCursor, host: PickleHost) {
    this.#cursor = cursor;
    this.#host = host;
  }

  run(): PickleValue {
    for (;;) {
      const code = this.#cursor.byte();
      this.#spent += COSTLY.has(code) ? COST : 1;
      if (this.#spent > MOST_INSTRUCTIONS)
        throw new UserError(
          `${this.#cursor.where}: refused: the pickle has more than ${MOST_INSTRUCTIONS} instructions (one that makes a list, tuple, dictionary or set, or keeps a value, counts as ${COST}), which no file of tensors needs`,
        );
      if (code === 0x2e) {
        const result = this.#pop();
        if (this.#stack.length > 0) throw this.#damaged(`${this.#stack.length} values are left over at its end`);
        return result;
      }
      if (!this.#constant(code) && !this.#container(code) && !this.#control(code)) {
        const name = refused.get(code);
        if (name === undefined) throw this.#damaged(`0x${code.toString(16).padStart(2, "0")} is no instruction`);
        throw new UserError(
          `${this.#cursor.where}: refused: the pickle uses the instruction ${name}, which a file of tensors does not need`,
        );
      }
    }
  }

  /** Instructions that push a value of their own. */
  #constant(code: number): boolean {
    const stack = this.#stack;
    // biome-ignore format: a table reads best one line per instruction
    switch (code) {
      case 0x4e: stack.push(null); break;                                            // NONE
      case 0x88: stack.push(true); break;                                            // NEWTRUE
      case 0x89: stack.push(false); break;                                           // NEWFALSE
      case 0x4a: stack.push(this.#view(4).getInt32(0, true)); break;                 // BININT
      case 0x4b: stack.push(this.#cursor.byte()); break;                             // BININT1
      case 0x4d: stack.push(this.#view(2).getUint16(0, true)); break;                // BININT2
      case 0x8a: stack.push(this.#integer(this.#cursor.byte())); break;              // LONG1
      case 0x8b: stack.push(this.#integer(this.#view(4).getInt32(0, true))); break;  // LONG4
      case 0x47: stack.push(this.#view(8).getFloat64(0)); break;                     // BINFLOAT
      case 0x55: stack.push(this.#latin1(this.#cursor.byte())); break;               // SHORT_BINSTRING
      case 0x54: stack.push(this.#latin1(this.#view(4).getInt32(0, true))); break;   // BINSTRING
      case 0x8c: stack.push(this.#text(this.#cursor.byte())); break;                 // SHORT_BINUNICODE
      case 0x58: stack.push(this.#text(this.#view(4).getUint32(0, true))); break;    // BINUNICODE
      case 0x8d: stack.push(this.#text(this.#length64())); break;                    // BINUNICODE8
      case 0x43: stack.push(this.#take(this.#cursor.byte()).slice()); break;         // SHORT_BINBYTES
      case 0x42: stack.push(this.#take(this.#view(4).getUint32(0, true)).slice()); break; // BINBYTES
      case 0x8e: stack.push(this.#take(this.#length64()).slice()); break;            // BINBYTES8
      case 0x96: stack.push(this.#take(this.#length64()).slice()); break;            // BYTEARRAY8
      case 0x5d: stack.push([]); break;                                              // EMPTY_LIST
      case 0x7d: stack.push(new Map()); break;                                       // EMPTY_DICT
      case 0x29: stack.push(Object.freeze([])); break;                               // EMPTY_TUPLE
      case 0x8f: stack.push(new Skipped("set")); break;                              // EMPTY_SET
      default: return false;
    }
    return true;
  }

  /** Instructions that fill containers. */
  #container(code: number): boolean {
    // biome-ignore format: a table reads best one line per instruction
    switch (code) {
      case 0x61: this.#extend([this.#pop()]); break;                                 // APPEND
      case 0x65: this.#extend(this.#popToMark()); break;                             // APPENDS
      case 0x6c: this.#stack.push(this.#popToMark()); break;                         // LIST
      case 0x74: this.#stack.push(Object.freeze(this.#popToMark())); break;          // TUPLE
      case 0x85: case 0x86: case 0x87: this.#tuple(code - 0x84); break;              // TUPLE1 to TUPLE3
      case 0x90: this.#extend(this.#popToMark()); break;                             // ADDITEMS
      case 0x91: this.#popToMark(); this.#stack.push(new Skipped("frozenset")); break; // FROZENSET
      case 0x73: this.#tuple(2); this.#assign(this.#pop() as PickleValue[]); break;  // SETITEM
      case 0x75: this.#assign(this.#popToMark()); break;                             // SETITEMS
      case 0x64: { const items = this.#popToMark(); this.#stack.push(new Map()); this.#assign(items); break; } // DICT
      default: return false;
    }
    return true;
  }

  /** The rest: the stack, the memo, names and calls. */
  #control(code: number): boolean {
    const cursor = this.#cursor;
    // biome-ignore format: a table reads best one line per instruction
    switch (code) {
      case 0x80: this.#protocol(cursor.byte()); break;                               // PROTO
      case 0x95: this.#take(8); break;                                               // FRAME: a hint for buffering
      case 0x28: this.#stack.push(MARK); break;                                      // MARK
      case 0x30: if (this.#stack.pop() === undefined) throw this.#damaged("its stack runs empty"); break; // POP
      case 0x31: this.#popToMark(); break;                                           // POP_MARK
      case 0x32: this.#stack.push(this.#top()); break;                               // DUP
      case 0x71: this.#memo.set(cursor.byte(), this.#top()); break;                  // BINPUT
      case 0x72: this.#memo.set(this.#view(4).getUint32(0, true), this.#top()); break; // LONG_BINPUT
      case 0x94: this.#memo.set(this.#memo.size, this.#top()); break;                // MEMOIZE
      case 0x68: this.#recall(cursor.byte()); break;                                 // BINGET
      case 0x6a: this.#recall(this.#view(4).getUint32(0, true)); break;              // LONG_BINGET
      case 0x63: this.#global(this.#name(), this.#name()); break;                    // GLOBAL
      case 0x69: this.#global(this.#name(), this.#name()); throw this.#damaged("it makes an object of a function"); // INST
      case 0x93: { const name = this.#pop(); this.#global(this.#pop(), name); break; } // STACK_GLOBAL
      case 0x51: this.#stack.push(this.#host.persistent(this.#pop())); break;        // BINPERSID
      case 0x52: case 0x81: this.#call(); break;                                     // REDUCE, NEWOBJ
      case 0x92: this.#pop(); this.#call(); break;                                   // NEWOBJ_EX: named arguments come last
      case 0x62: this.#build(); break;                                               // BUILD
      default: return false;
    }
    return true;
  }

  #damaged(reason: string): UserError {
    return new UserError(
      `${this.#cursor.where}: the pickle is damaged: ${reason} (before byte ${this.#cursor.position})`,
    );
  }

  #take(count: number): Uint8Array {
    if (count < 0) throw this.#damaged(`a length of ${count}`);
    return this.#cursor.take(count);
  }

  #view(count: number): DataView {
    const bytes = this.#cursor.take(count);
    return new DataView(bytes.buffer, bytes.byteOffset, count);
  }

  #length64(): number {
    const length = this.#view(8).getBigUint64(0, true);
    if (length > 2n ** 52n) throw this.#damaged(`a length of ${length}`);
    return Number(length);
  }

  /** A little-endian two's complement integer of `count` bytes. */
  #integer(count: number): number | bigint {
    if (count > LONGEST_INTEGER) throw this.#damaged(`an integer of ${count} bytes`);
    let value = 0n;
    for (const byte of this.#take(count).toReversed()) value = (value << 8n) | BigInt(byte);
    if (count > 0) value = BigInt.asIntN(8 * count, value);
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  #latin1(count: number): string {
    const bytes = this.#take(count);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  }

  #text(count: number): string {
    return this.#decode(this.#take(count));
  }

  #name(): string {
    return this.#decode(this.#cursor.line(LONGEST_NAME));
  }

  #decode(bytes: Uint8Array): string {
    // Decoding takes several times the memory of the bytes; no text among weights comes near a megabyte.
    if (bytes.length > 1 << 24) throw this.#damaged(`a text of ${bytes.length} bytes`);
    try {
      return utf8.decode(bytes);
    } catch {
      throw this.#damaged("a text is not UTF-8");
    }
  }

  #pop(): PickleValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) throw this.#damaged("its stack runs empty");
    return value;
  }

  #popToMark(): PickleValue[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw this.#damaged("a mark is missing");
    const values = this.#stack.splice(mark) as PickleValue[];
    values.shift();
    return values;
  }

  #tuple(count: number): void {
    const values = Array.from({ length: count }, () => this.#pop()).reverse();
    this.#stack.push(Object.freeze(values));
  }

  #extend(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (list instanceof Skipped) return;
    if (!Array.isArray(list) || Object.isFrozen(list)) throw this.#damaged(`it appends to ${describePickled(list)}`);
    for (const item of items) list.push(item);
  }

  #assign(items: readonly PickleValue[]): void {
    const dictionary = this.#top();
    if (dictionary instanceof Skipped) return;
    if (!(dictionary instanceof Map)) throw this.#damaged(`it sets an item of ${describePickled(dictionary)}`);
    if (items.length % 2 !== 0) throw this.#damaged("a key lacks its value");
    for (let i = 0; i < items.length; i += 2) dictionary.set(this.#key(items[i]!), items[i + 1]!);
  }

  #key(key: PickleValue): PickleKey {
    if (typeof key !== "object" || key === null) return key;
    // What Python 3 read of a pickle of Python 2 with encoding="bytes", and wrote again.
    if (key instanceof Uint8Array) return Buffer.from(key).toString("latin1");
    throw new UserError(`${this.#cursor.where}: refused: ${describePickled(key)} as the key of a dictionary`);
  }

  #protocol(version: number): void {
    if (version > 5) throw this.#damaged(`its protocol ${version} is not known`);
  }

  #recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#damaged(`it recalls ${index}, which was never kept`);
    this.#stack.push(value);
  }

  #global(module: PickleValue, name: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string") throw this.#damaged("a name is not text");
    this.#stack.push(this.#host.global(module, name));
  }

  #call(): void {
    const args = this.#pop();
    const target = this.#pop();
    if (!(target instanceof Callable)) throw this.#damaged(`it calls ${describePickled(target)}`);
    if (!Array.isArray(args)) throw this.#damaged(`it calls with ${describePickled(args)}`);
    this.#stack.push(target.call(args));
  }

  /** The attributes of dictionaries (a state dict carries its `_metadata` so) and of skipped objects are dropped. */
  #build(): void {
    const state = this.#pop();
    const target = this.#top();
    if (target instanceof Stateful) {
      target.setState(state);
      return;
    }
    if (!(target instanceof Map || target instanceof Skipped))
      throw this.#damaged(`it sets the state of ${describePickled(target)}`);
  }
}

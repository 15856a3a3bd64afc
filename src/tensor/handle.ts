/**
 * A tensor's identity and lifetime.
 *
 * JavaScript's collector does not see native memory. So every tensor belongs to something that frees it: the innermost
 * `scope` in which it was made, or, outside every scope, the collector (helped by accounting the bytes to V8).
 * libtorch's objects are numbers in the binding's table; the number is private here, so no other object can pass for a
 * tensor, and a freed one is recognised before libtorch is reached.
 */
import { binding } from "./native.ts";
import type { Tensor } from "./tensor.ts";

interface Scope {
  readonly tensors: TensorHandle[];
  readonly parent: Scope | undefined;
}

/** What the collector frees when a handle is gone: shared with the handle, which empties it when it frees first. */
interface Cell {
  number: number;
}

let currentScope: Scope | undefined;
let construct: (number: number) => Tensor;
/** The number that the next Tensor may be made of: `new Tensor(7)` from outside must not get an existing tensor. */
let minted = 0;

const one = new Uint32Array(1);

function free(number: number): void {
  one[0] = number;
  binding().free(one, 1);
}

// The cell makes unregistering needless: that would cost more than the whole life of a small tensor does otherwise.
const collector = new FinalizationRegistry<Cell>((cell) => {
  if (cell.number !== 0) free(cell.number);
});

/** The base of Tensor: holds the binding's number for it. */
export class TensorHandle {
  #number: number;
  /** Set while the tensor belongs to the collector and to no scope. */
  #cell: Cell | undefined;

  protected constructor(number: number) {
    if (minted === 0 || number !== minted)
      throw new TypeError("Tensor: use Tensor.zeros, Tensor.fromArray and their like to make one");
    minted = 0;
    this.#number = number;
    if (currentScope === undefined) this.#leaveToCollector();
    else currentScope.tensors.push(this);
  }

  /** @internal How this folder makes a Tensor of a number; set once by tensor.ts, which knows the whole class. */
  static makeWith(make: (number: number) => Tensor): void {
    construct = make;
  }

  /** @internal The Tensor for a number that the binding returned. */
  static of(number: number): Tensor {
    minted = number;
    return construct(number);
  }

  /** @internal The binding's number of a tensor; throws for anything that is not a live tensor. */
  static numberOf(value: unknown, operator: string, argument: string): number {
    if (typeof value !== "object" || value === null || !(#number in value)) {
      throw new TypeError(`${operator}: argument \`${argument}\` must be a Tensor, got ${describeValue(value)}`);
    }
    if (value.#number === 0) {
      throw new Error(
        `${operator}: argument \`${argument}\` was freed when its scope ended, or by dispose(); return it from the scope or keep() it`,
      );
    }
    return value.#number;
  }

  /** Whether a value is a Tensor, freed or not. */
  static isTensor(value: unknown): value is Tensor {
    return typeof value === "object" && value !== null && #number in value;
  }

  /** @internal Whether a tensor was freed. */
  static isFreed(tensor: TensorHandle): boolean {
    return tensor.#number === 0;
  }

  /** @internal See {@link scope}. */
  static scope<T>(callback: () => T): T {
    const scope: Scope = { tensors: [], parent: currentScope };
    const survivors = new Set<TensorHandle>();
    let complete = false;
    currentScope = scope;
    try {
      const result = callback();
      refusePromise("scope", result, "tensors made after its first await would belong to no scope");
      collectTensors(result, survivors);
      complete = true;
      return result;
    } finally {
      currentScope = scope.parent;
      if (!complete) survivors.clear();
      TensorHandle.#endScope(scope, survivors);
    }
  }

  static #endScope(scope: Scope, survivors: Set<TensorHandle>): void {
    const numbers = new Uint32Array(scope.tensors.length);
    let count = 0;
    for (const tensor of scope.tensors) {
      if (tensor.#number === 0 || tensor.#cell !== undefined) continue;
      if (survivors.has(tensor)) {
        if (scope.parent === undefined) tensor.#leaveToCollector();
        else scope.parent.tensors.push(tensor);
      } else {
        numbers[count++] = tensor.#number;
        tensor.#number = 0;
      }
    }
    if (count > 0) binding().free(numbers, count);
  }

  /** @internal See {@link keep}. */
  static keep(tensor: TensorHandle): void {
    TensorHandle.numberOf(tensor, "keep", "tensor");
    if (tensor.#cell === undefined) tensor.#leaveToCollector();
  }

  #leaveToCollector(): void {
    this.#cell = { number: this.#number };
    collector.register(this, this.#cell);
    binding().account(this.#number);
  }

  /** Frees the tensor's memory now. Using it afterwards throws; disposing again does nothing. */
  dispose(): void {
    if (!TensorHandle.isTensor(this))
      throw new TypeError(`dispose: \`this\` must be a Tensor, got ${describeValue(this)}`);
    if (this.#number === 0) return;
    const number = this.#number;
    this.#number = 0;
    if (this.#cell !== undefined) this.#cell.number = 0;
    free(number);
  }
}

/** @throws when a callback that must end before its frame does returned a promise. */
export function refusePromise(name: string, result: unknown, reason: string): void {
  if (typeof (result as { then?: unknown } | null | undefined)?.then !== "function") return;
  // Its later part may throw, because it uses freed tensors. That must not end the process.
  Promise.resolve(result).catch(() => {});
  throw new TypeError(`${name}: the callback returned a promise; ${reason}`);
}

/** A value in a few words, for messages about values of the wrong type. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return `an object (${value.constructor?.name ?? "no class"})`;
  if (typeof value === "function") return "a function";
  return `the ${typeof value} ${String(value).slice(0, 60)}`;
}

/** Finds tensors in a value: itself, or in arrays, maps, sets and plain objects, however deep. */
function collectTensors(value: unknown, found: Set<TensorHandle>, seen = new Set<unknown>()): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  if (TensorHandle.isTensor(value)) {
    found.add(value);
  } else if (Array.isArray(value) || value instanceof Set) {
    for (const inner of value) collectTensors(inner, found, seen);
  } else if (value instanceof Map) {
    for (const inner of value.values()) collectTensors(inner, found, seen);
  } else if (!ArrayBuffer.isView(value)) {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return;
    for (const inner of Object.values(value)) collectTensors(inner, found, seen);
  }
}

/**
 * Runs `callback` and frees every tensor made inside, except those that it returns (also inside arrays, maps, sets and
 * plain objects; instances of classes are not searched) and those that were {@link keep | kept}. What is returned
 * belongs to the enclosing scope, or, where there is none, to the collector.
 *
 * @throws TypeError when the callback returns a promise: tensors made after its first `await` would belong to no scope.
 *
 * @example
 * const total = scope(() => Tensor.ones([4]).mul(2).sum()); // the ones and the product are freed
 */
export function scope<T>(callback: () => T): T {
  return TensorHandle.scope(callback);
}

/**
 * Takes a tensor out of every scope: it lives until it is disposed or collected. For parameters, buffers, optimizer
 * state. Returns the tensor.
 *
 * @example
 * const weight = scope(() => keep(Tensor.zeros([3, 3])));
 */
export function keep<T extends TensorHandle>(tensor: T): T {
  TensorHandle.keep(tensor);
  return tensor;
}

/** How many tensors of this thread the binding holds: a number that must not grow from step to step. */
export function liveTensors(): number {
  return binding().live();
}

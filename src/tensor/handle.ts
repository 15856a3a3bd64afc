/**
 * A tensor's identity and life, and the one road by which operators are called.
 *
 * JavaScript's collector does not see native memory. So every tensor belongs to something that frees it: the innermost
 * `scope` in which it was made, or, outside every scope, the collector (helped by accounting the bytes to V8).
 * libtorch's objects are numbers in the binding's table; the number is private here, so no other object can pass for a
 * tensor, and a freed one is recognised before libtorch is reached.
 */
import { binding, type NativeOperator } from "./native.ts";
import type { Tensor } from "./tensor.ts";

interface Scope {
  readonly tensors: TensorHandle[];
  readonly parent: Scope | undefined;
}

let currentScope: Scope | undefined;
let construct: (number: number) => Tensor;

const one = new Uint32Array(1);
const collector = new FinalizationRegistry<number>((number) => {
  one[0] = number;
  binding().free(one, 1);
});

/** The base of Tensor: holds the binding's number for it. */
export class TensorHandle {
  #number: number;
  #kept = false;

  protected constructor(number: number) {
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

  /** @internal See {@link scope}. */
  static scope<T>(callback: () => T): T {
    const scope: Scope = { tensors: [], parent: currentScope };
    currentScope = scope;
    let survivors: Set<TensorHandle> | undefined;
    try {
      const result = callback();
      if (result instanceof Promise) {
        throw new TypeError("scope: the callback returned a promise; tensors made after its first await would escape");
      }
      survivors = new Set();
      collectTensors(result, survivors);
      return result;
    } finally {
      currentScope = scope.parent;
      TensorHandle.#endScope(scope, survivors);
    }
  }

  static #endScope(scope: Scope, survivors: Set<TensorHandle> | undefined): void {
    const numbers = new Uint32Array(scope.tensors.length);
    let count = 0;
    for (const tensor of scope.tensors) {
      if (tensor.#kept || tensor.#number === 0) continue;
      if (survivors?.has(tensor)) {
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
    if (tensor.#kept) return;
    tensor.#leaveToCollector();
  }

  #leaveToCollector(): void {
    this.#kept = true;
    collector.register(this, this.#number, this);
    binding().account(this.#number);
  }

  /** Frees the tensor's memory now. Using it afterwards throws; disposing again does nothing. */
  dispose(): void {
    if (!(#number in this)) throw new TypeError("dispose: not a Tensor");
    if (this.#number === 0) return;
    if (this.#kept) collector.unregister(this);
    one[0] = this.#number;
    this.#number = 0;
    binding().free(one, 1);
  }
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "object") return `an object (${value.constructor?.name ?? "no class"})`;
  if (typeof value === "function") return "a function";
  return `the ${typeof value} ${String(value)}`;
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

// The kinds of parameter whose values are objects here and numbers there (native/marshal.h).
const TENSOR = 0;
const TENSOR_LIST = 1;
const OPTIONAL_TENSOR_LIST = 2;
const GENERATOR = 15;

/** @internal The binding's numbers of Generators, which only random.ts enters. */
export const generatorNumbers = new WeakMap<object, number>();

function generatorNumber(value: unknown, operator: string): number {
  const number = typeof value === "object" && value !== null ? generatorNumbers.get(value) : undefined;
  if (number === undefined) {
    throw new TypeError(`${operator}: argument \`generator\` must be a Generator, got ${describeValue(value)}`);
  }
  return number;
}

interface ResolvedOperator {
  readonly native: NativeOperator;
  readonly kinds: readonly number[];
  readonly results: readonly ("tensor" | "tensors" | "value")[];
}

/** Every operator that this folder declares: "aten::add.Tensor(self, other, alpha)". Tests hold them against the live schemas. */
export const declaredOperators: string[] = [];

/** Splits "aten::add.Tensor(self, other)" into name, overload and parameter names. */
export function parseDeclaration(declaration: string): { name: string; overload: string; parameters: string[] } {
  const match = /^(\w+::\w+)(?:\.(\w+))?\((.*)\)$/.exec(declaration);
  if (match === null) throw new Error(`not an operator's declaration: ${declaration}`);
  const list = match[3]!.trim();
  return { name: match[1]!, overload: match[2] ?? "", parameters: list === "" ? [] : list.split(/,\s*/) };
}

function resolve(declaration: string): ResolvedOperator {
  const { name, overload } = parseDeclaration(declaration);
  const native = binding().operator(name, overload);
  if (native === null) throw new Error(`libtorch ${binding().version()} has no operator ${name}.${overload}`);
  const returns = native.schema.slice(native.schema.lastIndexOf("->") + 2).trim();
  const results = returns
    .replace(/^\((?=\w)(.*)\)$/, "$1")
    .split(", ")
    .map((type) => {
      if (!type.startsWith("Tensor")) return "value";
      return type.includes("[]") ? "tensors" : "tensor";
    });
  return { native, kinds: native.parameters.map((parameter) => parameter.kind), results };
}

function tensorList(value: unknown, operator: string, argument: string, optional: boolean): (number | null)[] {
  if (!Array.isArray(value)) {
    throw new TypeError(`${operator}: argument \`${argument}\` must be a list of Tensors, got ${describeValue(value)}`);
  }
  return value.map((element) => {
    if (optional && (element === null || element === undefined)) return null;
    return TensorHandle.numberOf(element, operator, argument);
  });
}

function wrap(result: unknown, kind: "tensor" | "tensors" | "value"): unknown {
  if (kind === "tensor") return result === 0 ? null : construct(result as number);
  if (kind === "tensors") return (result as number[]).map((number) => wrap(number, "tensor"));
  return result;
}

/**
 * Declares an operator of ATen by schema name and parameter names; the result calls it with arguments in the schema's
 * order (null or missing: the schema's default). Looked up at the first call, then kept.
 */
export function operator<R = Tensor>(declaration: string): (...values: unknown[]) => R {
  declaredOperators.push(declaration);
  const label = declaration.slice(0, declaration.indexOf("("));
  let resolved: ResolvedOperator | undefined;
  return (...values: unknown[]): R => {
    resolved ??= resolve(declaration);
    const { native, kinds, results } = resolved;
    const returned = native.returned < 0 ? undefined : values[native.returned];
    for (let i = 0; i < values.length; i++) {
      const kind = kinds[i];
      const value = values[i];
      if (kind === TENSOR) {
        const parameter = native.parameters[i]!;
        if (parameter.required || (value !== null && value !== undefined)) {
          values[i] = TensorHandle.numberOf(value, label, parameter.name);
        }
      } else if (kind === TENSOR_LIST || kind === OPTIONAL_TENSOR_LIST) {
        values[i] = tensorList(value, label, native.parameters[i]!.name, kind === OPTIONAL_TENSOR_LIST);
      } else if (kind === GENERATOR && value !== null && value !== undefined) {
        values[i] = generatorNumber(value, label);
      }
    }
    const result = native.call(...values);
    if (returned !== undefined) return returned as R;
    if (results.length === 1) return wrap(result, results[0]!) as R;
    return (result as unknown[]).map((part, i) => wrap(part, results[i]!)) as R;
  };
}

/**
 * Runs `callback` and frees every tensor made inside, except those that it returns (also inside arrays, maps, sets and
 * plain objects) and those that were {@link keep | kept}. What is returned belongs to the enclosing scope, or, where
 * there is none, to the collector.
 *
 * Throws TypeError when the callback returns a promise: tensors made after its first `await` would belong to no scope.
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

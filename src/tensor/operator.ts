/**
 * How operators of ATen are called: by name, with objects on this side and numbers on the other. `operator` makes a
 * function of one; `method` and its siblings make a method of Tensor, whose `this` is the operator's first argument.
 */
import { describeValue, TensorHandle } from "./handle.ts";
import { binding } from "./native.ts";
import { operatorWatcher } from "./recording.ts";
import type { Tensor } from "./tensor.ts";

// The kinds of parameter whose values are objects here and numbers there (native/marshal.h).
const TENSOR = 0;
const TENSOR_LIST = 1;
const OPTIONAL_TENSOR_LIST = 2;
const GENERATOR = 15;
/** Our own kind: ATen's whole numbers for how a loss is reduced, which are words here. */
const REDUCTION = -1;
const CONVERTED: readonly number[] = [TENSOR, TENSOR_LIST, OPTIONAL_TENSOR_LIST, GENERATOR];

/** How a loss over many elements becomes its result. */
export type Reduction = "none" | "mean" | "sum";

const REDUCTIONS: readonly unknown[] = ["none", "mean", "sum"] satisfies Reduction[];

/** Sizes or dimensions as one list or one by one: `x.view([2, 3])`, `x.view(2, 3)`. */
export type Sizes = readonly number[] | readonly [readonly number[]];

/** @internal The binding's numbers of Generators, which only random.ts enters. */
export const generatorNumbers = new WeakMap<object, number>();

/** @internal Told of every Generator before an operator draws from it. */
export const generatorWatch: { used?: ((generator: object) => void) | undefined } = {};

function generatorNumber(value: unknown, operator: string): number {
  if (generatorWatch.used !== undefined && typeof value === "object" && value !== null) generatorWatch.used(value);
  const number = typeof value === "object" && value !== null ? generatorNumbers.get(value) : undefined;
  if (number === undefined) {
    throw new TypeError(`${operator}: argument \`generator\` must be a Generator, got ${describeValue(value)}`);
  }
  return number;
}

/**
 * Options of a method, none of them misspelt: an option that is not known would be ignored without a word.
 *
 * @throws TypeError that names it, and those that there are.
 *
 * @example
 * const { dtype, device } = checked("to", target, "dtype", "device");
 */
export function checked<T extends object>(method: string, options: T, ...known: readonly string[]): T {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${method}: options { ${known.join(", ")} } are needed, got ${describeValue(options)}`);
  }
  for (const name in options) {
    if (known.includes(name)) continue;
    throw new TypeError(`${method}: there is no option \`${name}\`; there are ${known.join(", ")}`);
  }
  return options;
}

/** A parameter whose value must be turned into numbers, and where it stands. */
interface Conversion {
  readonly position: number;
  readonly name: string;
  readonly kind: number;
  readonly required: boolean;
}

type ResultKind = "tensor" | "tensors" | "value";

interface ResolvedOperator {
  readonly call: (...values: unknown[]) => unknown;
  readonly schema: string;
  readonly returned: number;
  readonly conversions: readonly Conversion[];
  readonly results: readonly ResultKind[];
}

/** Every operator that this folder declares: "aten::add.Tensor(self, other, alpha)". Tests compare them with the live schemas. */
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
    .map((type): ResultKind => {
      if (!type.startsWith("Tensor")) return "value";
      return type.includes("[]") ? "tensors" : "tensor";
    });
  const conversions = native.parameters
    .map(({ name, kind, required }, position) => {
      return { position, name, kind: name === "reduction" ? REDUCTION : kind, required };
    })
    .filter(({ kind }) => kind === REDUCTION || CONVERTED.includes(kind));
  return { call: native.call, schema: native.schema, returned: native.returned, conversions, results };
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

function convert(value: unknown, operator: string, { name, kind, required }: Conversion): unknown {
  if (kind === TENSOR) {
    if (!required && (value === null || value === undefined)) return null;
    return TensorHandle.numberOf(value, operator, name);
  }
  if (kind === GENERATOR) return value === null || value === undefined ? null : generatorNumber(value, operator);
  if (kind === REDUCTION) return reductionNumber(value, operator);
  return tensorList(value, operator, name, kind === OPTIONAL_TENSOR_LIST);
}

function reductionNumber(value: unknown, operator: string): number | undefined {
  if (value === undefined) return undefined;
  const number = REDUCTIONS.indexOf(value);
  if (number >= 0) return number;
  throw new TypeError(
    `${operator}: argument \`reduction\` must be "none", "mean" or "sum", got ${describeValue(value)}`,
  );
}

function wrap(result: unknown, kind: ResultKind): unknown {
  if (kind === "tensor") return result === 0 ? null : TensorHandle.of(result as number);
  if (kind === "tensors") return (result as number[]).map((number) => wrap(number, "tensor"));
  return result;
}

/** The call of an operator with a list of values, which it may overwrite. */
function caller(declaration: string): (values: unknown[]) => unknown {
  declaredOperators.push(declaration);
  const label = declaration.slice(0, declaration.indexOf("("));
  const limit = parseDeclaration(declaration).parameters.length;
  let resolved: ResolvedOperator | undefined;
  const watched = (values: unknown[]): unknown => {
    const watcher = operatorWatcher();
    if (watcher === undefined) return run(values);
    const given = [...values];
    const result = run(values);
    const { schema, returned: changed } = resolved!;
    watcher.called({ operator: label, schema, given, changed, result, again: (other) => run(other.slice(0, limit)) });
    return result;
  };
  const run = (values: unknown[]): unknown => {
    if (values.length > limit) throw new TypeError(`${label}: takes ${limit} arguments, got ${values.length}`);
    resolved ??= resolve(declaration);
    const { call, returned, conversions, results } = resolved;
    const changed = returned < 0 ? undefined : values[returned];
    // Indices, not iterators: this loop runs for every operator of every step.
    for (let i = 0; i < conversions.length; i++) {
      const conversion = conversions[i]!;
      if (conversion.position >= values.length) break;
      values[conversion.position] = convert(values[conversion.position], label, conversion);
    }
    const result = call(...values);
    if (returned >= 0) return changed;
    if (results.length === 1) return wrap(result, results[0]!);
    return (result as unknown[]).map((part, i) => wrap(part, results[i]!));
  };
  return watched;
}

/**
 * Declares an operator of ATen by schema name and parameter names; the result calls it with arguments in the schema's
 * order (null or missing: the schema's default). Looked up at the first call, then kept.
 *
 * @example
 * const gather = operator("aten::gather(self, dim, index)");
 */
export function operator<R = Tensor>(declaration: string): (...values: unknown[]) => R {
  const call = caller(declaration);
  return (...values: unknown[]) => call(values) as R;
}

/**
 * A method with the signature F that calls an operator: the tensor is the first argument. Where two overloads are named,
 * as in "aten::add.Tensor|Scalar(self, other, alpha)", the second one takes a number in the place after the tensor.
 */
export function method<F>(declaration: string): F {
  const [, name, forTensor, forNumber, parameters] = /^(.*)\.(\w+)\|(\w+)(\(.*)$/.exec(declaration) ?? [];
  const call = caller(forTensor === undefined ? declaration : `${name}.${forTensor}${parameters}`);
  if (forNumber === undefined) {
    return function (this: Tensor, ...values: unknown[]) {
      values.unshift(this);
      return call(values);
    } as F;
  }
  const callNumber = caller(`${name}.${forNumber}${parameters}`);
  return function (this: Tensor, ...values: unknown[]) {
    values.unshift(this);
    return typeof values[1] === "number" ? callNumber(values) : call(values);
  } as F;
}

/** A method that calls `whole` without arguments, and `given` with the arguments that there are. */
export function either<F>(whole: string, given: string): F {
  const callWhole = caller(whole);
  const callGiven = caller(given);
  return function (this: Tensor, ...values: unknown[]) {
    if (values[0] === undefined || values[0] === null) return callWhole([this]);
    values.unshift(this);
    return callGiven(values);
  } as F;
}

/** A method whose operator takes one list of whole numbers, which may also come one by one: (...sizes: Sizes). */
export function sized<F>(declaration: string): F {
  const call = caller(declaration);
  return function (this: Tensor, ...values: unknown[]) {
    return typeof values[0] === "number" ? call([this, values]) : call([this, ...values]);
  } as F;
}

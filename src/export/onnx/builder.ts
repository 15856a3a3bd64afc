/** Building the nodes of an ONNX model: names, constants, and numbers that grow with the batch. */
import { UserError } from "../../base/errors.ts";
import { bytesOf, type DType, noGradScope, type Tensor } from "../../tensor/index.ts";
import {
  type Argument,
  type Constant,
  isConstant,
  isGrowing,
  isValue,
  type Node,
  refuseOperator,
  type Size,
} from "../trace/index.ts";
import { type Attribute, ELEMENT_TYPES, type ElementType, type OnnxNode, type OnnxTensor } from "./model.ts";

/** The element type of a dtype. @throws UserError for one that no model here has. */
export function elementType(dtype: DType): ElementType {
  if (dtype in ELEMENT_TYPES) return dtype as ElementType;
  throw new UserError(`the network cannot be exported: it has tensors of type ${dtype}`);
}

const ITEMS = { float32: Float32Array, float64: Float64Array, int64: BigInt64Array } as const;

/** The nodes and stored tensors of a model in the making. */
export class Builder {
  readonly nodes: OnnxNode[] = [];
  readonly tensors: OnnxTensor[] = [];
  readonly #half: boolean;
  readonly #input: string;
  readonly #stored = new Map<string, string>();
  /** Names of what was made of the graph's values. */
  readonly #made = new Map<string, string>();
  readonly #taken = new Set<string>();
  #batch: string | undefined;
  /** Where the names of the present nodes begin. */
  #scope = "";

  /** @param input - An input of the model, whose dimension 0 is the batch. @param half - Store weights as float16. */
  constructor(input: string, half: boolean) {
    this.#input = input;
    this.#half = half;
    this.#taken.add(input);
  }

  /** Names the nodes that follow after one of the graph's values. */
  begin(name: string): void {
    this.#scope = name;
  }

  /** Adds a node with one output and returns its name. */
  add(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    output = this.#unique(`${this.#scope}/${type}`),
  ): string {
    return this.addMany(type, inputs, attributes, [output])[0]!;
  }

  /** Adds a node with several outputs. */
  addMany(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    outputs: readonly string[],
  ): readonly string[] {
    this.nodes.push({ name: `${this.#unique(`${this.#scope}:${type}`)}`, type, inputs, outputs, attributes });
    return outputs;
  }

  /** A name for an output that is made by hand. */
  fresh(what: string): string {
    return this.#unique(`${this.#scope}/${what}`);
  }

  /** A stored tensor of the graph. */
  constant({ name, tensor }: Constant): string {
    const known = this.#stored.get(name);
    if (known !== undefined) return known;
    const own = this.#store(this.#unique(name), tensor);
    this.#stored.set(name, own);
    return own;
  }

  /** A stored tensor of numbers, in memory as one of that type. */
  numbers(
    values: readonly number[],
    dtype: "float32" | "float64" | "int64",
    shape: readonly number[] = [values.length],
  ): string {
    const key = JSON.stringify([values, dtype, shape]);
    const known = this.#stored.get(key);
    if (known !== undefined) return known;
    const array = dtype === "int64" ? BigInt64Array.from(values, BigInt) : ITEMS[dtype].from(values);
    const name = this.#unique(`number:${values.slice(0, 8).join(",")}`);
    this.tensors.push({ name, dtype, shape, bytes: new Uint8Array(array.buffer) });
    this.#stored.set(key, name);
    return name;
  }

  /** A number without dimensions. */
  scalar(value: number, dtype: DType = "float32"): string {
    if (dtype === "float32" || dtype === "float64" || dtype === "int64") return this.numbers([value], dtype, []);
    return this.cast(this.numbers([value], Number.isInteger(value) ? "int64" : "float32", []), dtype);
  }

  /** A tensor in another type. */
  cast(input: string, dtype: DType): string {
    return this.add("Cast", [input], { to: ELEMENT_TYPES[elementType(dtype)] });
  }

  /** Sizes as int64 [sizes.length]; those that grow are computed from the input. */
  sizes(sizes: readonly Size[]): string {
    if (sizes.every((size) => typeof size === "number")) return this.numbers(sizes, "int64");
    const parts = sizes.map((size) => (isGrowing(size) ? this.#growing(size) : this.numbers([size], "int64")));
    return parts.length === 1 ? parts[0]! : this.add("Concat", parts, { axis: 0 });
  }

  /** int64 [1] */
  #growing({ batch, plus }: { batch: number; plus: number }): string {
    if (this.#batch === undefined) {
      const shape = this.add("Shape", [this.#input]);
      this.#batch = this.add("Slice", [shape, this.numbers([0], "int64"), this.numbers([1], "int64")]);
    }
    const times = batch === 1 ? this.#batch : this.add("Mul", [this.#batch, this.numbers([batch], "int64")]);
    return plus === 0 ? times : this.add("Add", [times, this.numbers([plus], "int64")]);
  }

  #store(name: string, tensor: Tensor): string {
    const { dtype, shape } = tensor;
    const half = this.#half && dtype === "float32" && shape.length > 1;
    const stored = half ? noGradScope(() => tensor.half()) : tensor;
    const key = half ? this.#unique(`${name}:float16`) : name;
    this.tensors.push({ name: key, dtype: elementType(stored.dtype), shape, bytes: bytesOf(stored) });
    if (!half) return name;
    stored.dispose();
    this.addMany("Cast", [key], { to: ELEMENT_TYPES.float32 }, [name]);
    return name;
  }

  /** Says which output is a value of the graph. */
  bind(value: string, name: string): void {
    this.#made.set(value, name);
  }

  /** The output that is a value of the graph. */
  made(value: string): string {
    return this.#made.get(value)!;
  }

  #unique(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#taken.has(name); i++) name = `${wanted}_${i}`;
    this.#taken.add(name);
    return name;
  }
}

/** One operator of the graph as it is converted: its arguments, and the builder. */
export class Conversion {
  readonly node: Node;
  readonly build: Builder;

  constructor(node: Node, build: Builder) {
    this.node = node;
    this.build = build;
  }

  /** The argument, as it is. */
  given(name: string): Argument {
    return this.node.arguments[name] ?? null;
  }

  /** The name of a tensor argument; "" where it was left out. */
  tensor(name: string): string {
    return this.named(this.given(name), name);
  }

  /** The name of a tensor. */
  named(argument: Argument, name = "argument"): string {
    if (argument === null) return "";
    if (isValue(argument)) return this.build.made(argument.name);
    if (isConstant(argument)) return this.build.constant(argument);
    throw this.refuse(`takes a \`${name}\` that is no tensor`);
  }

  /** The names of a list of tensors. */
  tensors(name: string): string[] {
    return (this.given(name) as readonly Argument[]).map((each) => this.named(each, name));
  }

  /** A tensor argument, or a number as a tensor of the output's type, or that of another argument. */
  operand(name: string, dtype: DType): string {
    const given = this.given(name);
    if (isValue(given) || isConstant(given)) {
      const own = this.dtypeOf(name);
      return own === dtype ? this.tensor(name) : this.build.cast(this.tensor(name), dtype);
    }
    if (isGrowing(given)) return this.build.cast(this.build.sizes([given]), dtype);
    return this.build.scalar(Number(given), dtype);
  }

  /** The sizes of a tensor argument. */
  shapeOf(name: string): readonly Size[] {
    const given = this.given(name);
    if (isValue(given)) return given.shape;
    if (isConstant(given)) return given.tensor.shape;
    return [];
  }

  /** The type of a tensor argument. */
  dtypeOf(name: string): DType {
    const given = this.given(name);
    if (isValue(given)) return given.dtype;
    if (isConstant(given)) return given.tensor.dtype;
    return Number.isInteger(given) ? "int64" : "float32";
  }

  /** The type of the first output. */
  get dtype(): DType {
    return this.node.outputs[0]!.dtype;
  }

  /** The sizes of the first output. */
  get shape(): readonly Size[] {
    return this.node.outputs[0]!.shape;
  }

  /** A number that is the same for every batch. */
  number(name: string): number {
    const given = this.given(name);
    if (typeof given === "number") return given;
    throw this.refuse(`takes \`${name}\` in a form that has no counterpart in ONNX`);
  }

  /** Numbers that are the same for every batch; one number stands for `count` of them. */
  numbers(name: string, count?: number): number[] {
    const given = this.given(name);
    if (typeof given === "number") return Array<number>(count ?? 1).fill(given);
    const list = (given ?? []) as readonly Argument[];
    if (!list.every((each) => typeof each === "number")) {
      throw this.refuse(`takes \`${name}\` in a form that has no counterpart in ONNX`);
    }
    const numbers = list as readonly number[];
    return count !== undefined && numbers.length === 1 ? Array<number>(count).fill(numbers[0]!) : [...numbers];
  }

  /** A dimension of the tensor `of`, counted from the front. */
  dimension(name: string, of = "self"): number {
    const dimension = this.number(name);
    return dimension < 0 ? dimension + this.shapeOf(of).length : dimension;
  }

  /** Dimensions of the tensor `of`, counted from the front; all where none are given. */
  dimensions(name: string, of = "self"): number[] {
    const { length } = this.shapeOf(of);
    const given = this.given(name);
    if (given === null || (Array.isArray(given) && given.length === 0)) return Array.from({ length }, (_, i) => i);
    return this.numbers(name).map((dimension) => (dimension < 0 ? dimension + length : dimension));
  }

  /** Adds a node whose output is that of the operator, unless a name is given. */
  add(type: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.build.add(type, inputs, attributes);
  }

  /** A refusal that names the operator and its module. */
  refuse(reason: string): UserError {
    return refuseOperator(this.node, reason);
  }
}

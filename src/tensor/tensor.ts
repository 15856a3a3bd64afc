/**
 * Tensor: libtorch's tensor as a JavaScript object. Its methods carry PyTorch's names and argument order. Those that
 * call an operator are in tables (pointwise.ts, reduction.ts ...); this file says how tensors are made, joined and read
 * back.
 */
import { statSync } from "node:fs";
import { UserError } from "../base/errors.ts";
import { TensorHandle } from "./handle.ts";
import { indexing } from "./indexing.ts";
import { inplace } from "./inplace.ts";
import { layers } from "./layers.ts";
import { linearAlgebra } from "./linear-algebra.ts";
import { losses } from "./losses.ts";
import { binding } from "./native.ts";
import { checked, operator } from "./operator.ts";
import { pointwise } from "./pointwise.ts";
import { print } from "./print.ts";
import type { Generator } from "./random.ts";
import { operatorWatcher } from "./recording.ts";
import { reduction } from "./reduction.ts";
import { shape } from "./shape.ts";
import {
  type Device,
  type DType,
  ITEM_SIZE,
  type MemoryFormat,
  type NestedNumbers,
  type TensorOptions,
  type TypedArray,
} from "./types.ts";

const empty = operator("aten::empty.memory_format(size, dtype, layout, device)");
const zeros = operator("aten::zeros(size, dtype, layout, device)");
const ones = operator("aten::ones(size, dtype, layout, device)");
const full = operator("aten::full(size, fill_value, dtype, layout, device)");
const eye = operator("aten::eye(n, dtype, layout, device)");
const arange = operator("aten::arange.start_step(start, end, step, dtype, layout, device)");
const linspace = operator("aten::linspace(start, end, steps, dtype, layout, device)");
const logspace = operator("aten::logspace(start, end, steps, base, dtype, layout, device)");
const rand = operator("aten::rand.generator(size, generator, dtype, layout, device)");
const randn = operator("aten::randn.generator(size, generator, dtype, layout, device)");
const randint = operator("aten::randint.low_generator(low, high, size, generator, dtype, layout, device)");
const randperm = operator("aten::randperm.generator(n, generator, dtype, layout, device)");
const multinomial = operator("aten::multinomial(self, num_samples, replacement, generator)");
const bernoulli = operator("aten::bernoulli(self, generator)");
const emptyLike = operator("aten::empty_like(self)");
const zerosLike = operator("aten::zeros_like(self)");
const onesLike = operator("aten::ones_like(self)");
const fullLike = operator("aten::full_like(self, fill_value)");
const cat = operator("aten::cat(tensors, dim)");
const stack = operator("aten::stack(tensors, dim)");
const hstack = operator("aten::hstack(tensors)");
const vstack = operator("aten::vstack(tensors)");
const einsum = operator("aten::einsum(equation, tensors)");
const meshgrid = operator<Tensor[]>("aten::meshgrid.indexing(tensors, indexing)");
const blockDiag = operator("aten::block_diag(tensors)");
const broadcastTensors = operator<Tensor[]>("aten::broadcast_tensors(tensors)");
const whereNumberSelf = operator("aten::where.ScalarSelf(condition, self, other)");
const whereNumbers = operator("aten::where.Scalar(condition, self, other)");
const fromFile = operator("aten::from_file(filename, shared, size, dtype)");
const item = operator<number | boolean>("aten::item(self)");

/** Options of a tensor whose values are drawn. */
export interface RandomOptions extends TensorOptions {
  /** The stream to draw from; default: the device's default generator. */
  readonly generator?: Generator | null | undefined;
}

const ARRAY_DTYPES: readonly [new (length: number) => TypedArray, DType][] = [
  [Float32Array, "float32"],
  [Float64Array, "float64"],
  [BigInt64Array, "int64"],
  [Int32Array, "int32"],
  [Int16Array, "int16"],
  [Int8Array, "int8"],
  [Uint8Array, "uint8"],
  [Uint8ClampedArray, "uint8"],
];

function finish(tensor: Tensor, options: TensorOptions): Tensor {
  checked("the options of a tensor", options, "dtype", "device", "requiresGrad", "generator");
  return options.requiresGrad ? tensor.requiresGrad_(true) : tensor;
}

function shapeOfNested(values: NestedNumbers): number[] {
  const shape: number[] = [];
  for (let level: NestedNumbers = values; Array.isArray(level); level = level[0] as NestedNumbers) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  return shape;
}

function flattenInto(
  values: NestedNumbers,
  shape: readonly number[],
  depth: number,
  into: Float64Array,
  at: number,
): number {
  if (depth === shape.length) {
    if (typeof values !== "number" && typeof values !== "boolean") {
      throw new TypeError("fromArray: every row must have the same depth and length");
    }
    into[at] = Number(values);
    return at + 1;
  }
  if (!Array.isArray(values) || values.length !== shape[depth]) {
    throw new TypeError("fromArray: every row must have the same depth and length");
  }
  for (const inner of values) at = flattenInto(inner, shape, depth + 1, into, at);
  return at;
}

function dtypeOfArray(values: ArrayBufferView): DType {
  for (const [type, dtype] of ARRAY_DTYPES) if (values instanceof type) return dtype;
  throw new TypeError(`fromArray: ${values.constructor.name} has no counterpart among the dtypes`);
}

/** Every method that calls an operator; the file of its table has the documentation and the operator. */
type Methods = typeof pointwise &
  typeof reduction &
  typeof shape &
  typeof indexing &
  typeof linearAlgebra &
  typeof layers &
  typeof losses &
  typeof inplace;

const methods: Methods = {
  ...pointwise,
  ...reduction,
  ...shape,
  ...indexing,
  ...linearAlgebra,
  ...layers,
  ...losses,
  ...inplace,
};

/**
 * `inspect.custom` of node:util. A type of node:util in the declarations would be `any` to users without @types/node,
 * and `x[0]` would pass their compiler.
 */
const inspectCustom: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/** A handle whose prototype gets the methods. */
const TensorWithMethods = TensorHandle as unknown as abstract new (number: number) => TensorHandle & Methods;

/**
 * An array of numbers of one type, of any shape, on one device, from which gradients can be asked.
 *
 * Wrong arguments throw an Error that opens with the operator's name and libtorch's own message. Memory is freed by
 * {@link scope}, by `dispose()`, or by the collector.
 *
 * @example
 * const x = Tensor.fromArray([[1, 2], [3, 4]]);
 * const y = x.matmul(x).add(1).sum();
 * console.log(y.item()); // 58
 */
export class Tensor extends TensorWithMethods {
  static {
    TensorHandle.makeWith((number) => new Tensor(number));
    for (const [name, value] of Object.entries(methods)) {
      Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
    }
  }

  private constructor(number: number) {
    super(number);
  }

  /** Whether a value is a tensor, freed or not. */
  static isTensor(value: unknown): value is Tensor {
    return TensorHandle.isTensor(value);
  }
  /** Uninitialised memory. */
  static empty(shape: readonly number[], options: TensorOptions = {}): Tensor {
    return finish(empty(shape, options.dtype ?? "float32", null, options.device), options);
  }
  /** All 0. */
  static zeros(shape: readonly number[], options: TensorOptions = {}): Tensor {
    return finish(zeros(shape, options.dtype ?? "float32", null, options.device), options);
  }
  /** All 1. */
  static ones(shape: readonly number[], options: TensorOptions = {}): Tensor {
    return finish(ones(shape, options.dtype ?? "float32", null, options.device), options);
  }
  /** All the same number. */
  static full(shape: readonly number[], value: number, options: TensorOptions = {}): Tensor {
    return finish(full(shape, value, options.dtype ?? "float32", null, options.device), options);
  }
  /** The identity matrix [n, n]. */
  static eye(n: number, options: TensorOptions = {}): Tensor {
    return finish(eye(n, options.dtype ?? "float32", null, options.device), options);
  }
  /**
   * start, start + step, ... below end; with one number, 0 to that number. float32 by default, as for all tensors made
   * of numbers.
   */
  static arange(start: number, end?: number, step = 1, options: TensorOptions = {}): Tensor {
    if (end === undefined) return Tensor.arange(0, start, step, options);
    return finish(arange(start, end, step, options.dtype ?? "float32", null, options.device), options);
  }
  /** `steps` numbers evenly from start to end, both included. */
  static linspace(start: number, end: number, steps: number, options: TensorOptions = {}): Tensor {
    return finish(linspace(start, end, steps, options.dtype ?? "float32", null, options.device), options);
  }
  /** base^start to base^end, `steps` numbers, evenly in the exponent. */
  static logspace(start: number, end: number, steps: number, base = 10, options: TensorOptions = {}): Tensor {
    return finish(logspace(start, end, steps, base, options.dtype ?? "float32", null, options.device), options);
  }
  /** Uniform over [0, 1). */
  static rand(shape: readonly number[], options: RandomOptions = {}): Tensor {
    return finish(rand(shape, options.generator, options.dtype ?? "float32", null, options.device), options);
  }
  /** Standard normal. */
  static randn(shape: readonly number[], options: RandomOptions = {}): Tensor {
    return finish(randn(shape, options.generator, options.dtype ?? "float32", null, options.device), options);
  }
  /** Whole numbers from low to high - 1; int64 by default. */
  static randint(low: number, high: number, shape: readonly number[], options: RandomOptions = {}): Tensor {
    return randint(low, high, shape, options.generator, options.dtype ?? "int64", null, options.device);
  }
  /** 0 ... n-1 in random order; int64 by default. */
  static randperm(n: number, options: RandomOptions = {}): Tensor {
    return randperm(n, options.generator, options.dtype ?? "int64", null, options.device);
  }
  /** Uninitialised, like another tensor in shape, dtype, device and layout. */
  static emptyLike(like: Tensor): Tensor {
    return emptyLike(like);
  }
  /** All 0, like another tensor. */
  static zerosLike(like: Tensor): Tensor {
    return zerosLike(like);
  }
  /** All 1, like another tensor. */
  static onesLike(like: Tensor): Tensor {
    return onesLike(like);
  }
  /** All the same number, like another tensor. */
  static fullLike(like: Tensor, value: number): Tensor {
    return fullLike(like, value);
  }
  /** Uniform over [0, 1), like another tensor in shape, dtype and device. */
  static randLike(like: Tensor, generator: Generator | null = null): Tensor {
    return Tensor.rand(like.shape, { generator, dtype: like.dtype, device: like.device });
  }
  /** Standard normal, like another tensor in shape, dtype and device. */
  static randnLike(like: Tensor, generator: Generator | null = null): Tensor {
    return Tensor.randn(like.shape, { generator, dtype: like.dtype, device: like.device });
  }
  /** Joins along an existing dimension. */
  static cat(tensors: readonly Tensor[], dim = 0): Tensor {
    return cat(tensors, dim);
  }
  /** Joins along a new dimension. */
  static stack(tensors: readonly Tensor[], dim = 0): Tensor {
    return stack(tensors, dim);
  }
  /** Joins rows side by side: along dimension 1, vectors along 0. */
  static hstack(tensors: readonly Tensor[]): Tensor {
    return hstack(tensors);
  }
  /** Joins rows below each other: along dimension 0, vectors as rows. */
  static vstack(tensors: readonly Tensor[]): Tensor {
    return vstack(tensors);
  }
  /** Matrices along the diagonal of one matrix. */
  static blockDiag(tensors: readonly Tensor[]): Tensor {
    return blockDiag(tensors);
  }
  /** Coordinates of the grid that vectors span: first index along rows ("ij") or along columns ("xy"). */
  static meshgrid(tensors: readonly Tensor[], indexing: "ij" | "xy" = "ij"): Tensor[] {
    return meshgrid(tensors, indexing);
  }
  /** All expanded to the one shape that they broadcast to. */
  static broadcastTensors(tensors: readonly Tensor[]): Tensor[] {
    return broadcastTensors(tensors);
  }
  /**
   * Sums of products in Einstein's notation.
   *
   * @example
   * Tensor.einsum("bij,bjk->bik", [a, b]); // a.bmm(b)
   */
  static einsum(equation: string, tensors: readonly Tensor[]): Tensor {
    return einsum(equation, tensors);
  }
  /** self where condition holds, else other; numbers broadcast. */
  static where(condition: Tensor, self: Tensor | number, other: Tensor | number): Tensor {
    if (typeof self !== "number") return indexing.where.call(self, condition, other);
    return (typeof other === "number" ? whereNumbers : whereNumberSelf)(condition, self, other);
  }

  /**
   * A copy of a typed array, or of numbers nested to any depth.
   *
   * The dtype follows the array (BigInt64Array is int64, number[] float32) unless `options.dtype` converts. Throws
   * TypeError for ragged rows and Error when `shape` does not fit the number of values.
   *
   * @example
   * Tensor.fromArray(new Uint8Array([1, 2, 3, 4]), [2, 2]);
   */
  static fromArray(values: TypedArray | NestedNumbers, shape?: readonly number[], options: TensorOptions = {}): Tensor {
    let array: TypedArray;
    let dtype: DType;
    let sizes = shape;
    if (ArrayBuffer.isView(values)) {
      array = values;
      dtype = dtypeOfArray(values);
      sizes ??= [array.length];
    } else {
      const nested = shapeOfNested(values);
      const count = nested.reduce((product, size) => product * size, 1);
      const wide = new Float64Array(count);
      flattenInto(values, nested, 0, wide, 0);
      dtype =
        options.dtype === "float64" || options.dtype === "int64" || options.dtype === "int32" ? "float64" : "float32";
      array = dtype === "float64" ? wide : Float32Array.from(wide);
      sizes ??= nested;
    }
    const tensor = TensorHandle.of(binding().fromArray(array, dtype, sizes));
    const { dtype: wanted = dtype, device = "cpu" } = options;
    if (wanted === dtype && device === "cpu") return finish(tensor, options);
    try {
      return finish(tensor.to({ dtype: wanted, device }), options);
    } finally {
      tensor.dispose();
    }
  }

  /**
   * A tensor on the memory of a typed array over a SharedArrayBuffer, without copying: writes on either side are seen
   * by the other. Ordinary ArrayBuffers are refused, since JavaScript may detach them while libtorch reads.
   *
   * @example
   * const bytes = new Uint8Array(new SharedArrayBuffer(16));
   * const x = Tensor.fromShared(bytes, [4, 4]);
   */
  static fromShared(values: TypedArray, shape: readonly number[] = [values.length]): Tensor {
    if (!ArrayBuffer.isView(values) || !(values.buffer instanceof SharedArrayBuffer)) {
      throw new TypeError(
        "fromShared: a typed array over a SharedArrayBuffer is needed; use fromArray to copy another",
      );
    }
    if ("growable" in values.buffer && values.buffer.growable)
      throw new TypeError("fromShared: the SharedArrayBuffer must not be growable");
    return TensorHandle.of(binding().fromShared(values, dtypeOfArray(values), shape));
  }

  /**
   * A file's bytes as a vector, memory-mapped privately: nothing is read before it is used, nothing is written back.
   *
   * @throws UserError when the file's size is not exactly `size` elements (libtorch would otherwise extend or overrun
   * it).
   */
  static fromFile(path: string, options: { dtype: DType; size: number }): Tensor {
    const { dtype, size } = checked("fromFile", options, "dtype", "size");
    if (!Object.hasOwn(ITEM_SIZE, dtype)) throw new UserError(`fromFile: there is no dtype "${dtype}"`);
    const file = statSync(path, { throwIfNoEntry: false });
    if (!file?.isFile()) throw new UserError(`${path}: ${file === undefined ? "no such file" : "not a file"}`);
    const bytes = file.size;
    if (bytes !== size * ITEM_SIZE[dtype]) {
      throw new UserError(`${path} has ${bytes} bytes; ${size} elements of ${dtype} need ${size * ITEM_SIZE[dtype]}`);
    }
    return fromFile(path, false, size, dtype);
  }

  /** Rows drawn with the probabilities in this vector (or matrix of vectors): int64 indices. */
  multinomial(numSamples: number, replacement = false, generator: Generator | null = null): Tensor {
    return multinomial(this, numSamples, replacement, generator);
  }

  /** 1 with the probability that each element holds, else 0. */
  bernoulli(generator: Generator | null = null): Tensor {
    return bernoulli(this, generator);
  }

  #fact<T>(name: string, read: (number: number) => T): T {
    return read(TensorHandle.numberOf(this, name, "self"));
  }

  /** The sizes of the dimensions. */
  get shape(): number[] {
    return this.#fact("shape", binding().shape);
  }
  /** The number of dimensions. */
  get ndim(): number {
    return this.shape.length;
  }
  /** The sizes of the dimensions, or the size of one; negative ones count from the end. */
  size(): number[];
  size(dim: number): number;
  size(dim?: number): number | number[] {
    const { shape } = this;
    if (dim === undefined) return shape;
    const size = Number.isInteger(dim) ? shape.at(dim) : undefined;
    if (size === undefined) throw new RangeError(`size: there is no dimension ${dim} in [${shape.join(", ")}]`);
    return size;
  }
  /** The tensor with its dimensions in reverse order: of a matrix, the transpose. */
  get T(): Tensor {
    return this.permute(this.shape.map((_, i, { length }) => length - 1 - i));
  }
  /** The tensor with its last two dimensions swapped: the transposes of a batch of matrices. */
  get mT(): Tensor {
    return this.transpose(-2, -1);
  }
  /** The number of elements. */
  get numel(): number {
    return this.#fact("numel", binding().numel);
  }
  /** The element type. */
  get dtype(): DType {
    return this.#fact("dtype", binding().dtype) as DType;
  }
  /** The device. */
  get device(): Device {
    return this.#fact("device", binding().device);
  }
  /** Whether gradients can be asked for with respect to it or to something it was computed from. */
  get requiresGrad(): boolean {
    return this.#fact("requiresGrad", binding().requiresGrad);
  }

  /** Marks a leaf as something to take gradients with respect to, or unmarks it. Returns itself. */
  requiresGrad_(flag = true): this {
    binding().setRequiresGrad(TensorHandle.numberOf(this, "requiresGrad_", "self"), flag);
    // libtorch ignores the wish for a result of recorded computations.
    if (!flag && this.requiresGrad) {
      throw new Error("requiresGrad_: only a leaf can be unmarked; detach() cuts a result from its graph");
    }
    return this;
  }

  /** Whether the elements lie in memory in the order of the format. */
  isContiguous(format: Exclude<MemoryFormat, "preserve"> = "contiguous"): boolean {
    return binding().isContiguous(TensorHandle.numberOf(this, "isContiguous", "self"), format);
  }

  /**
   * The value of a tensor of one element, as a number (bool: 0 or 1).
   * @throws when it has more or fewer.
   */
  item(): number {
    return Number(item(this));
  }

  /**
   * The values as PyTorch prints them, abbreviated above 1000 elements; with dtype and device where they are not the
   * default.
   */
  override toString(): string {
    return print(this);
  }

  /** What `console.log` shows. */
  [inspectCustom](): string {
    return TensorHandle.isFreed(this) ? "tensor(freed)" : print(this);
  }

  /** A copy of the values in row-major order; float16 and bfloat16 widen to Float32Array, bool gives Uint8Array. */
  toArray(): TypedArray {
    operatorWatcher()?.read(this);
    const dtype = this.dtype;
    if (dtype === "float16" || dtype === "bfloat16") {
      const wide = this.float();
      const values = wide.toArray();
      wide.dispose();
      return values;
    }
    const type = ARRAY_DTYPES.find(([, name]) => name === (dtype === "bool" ? "uint8" : dtype))![0];
    const array = new type(this.numel);
    binding().copyOut(TensorHandle.numberOf(this, "toArray", "self"), array);
    return array;
  }

  /** The values as nested arrays of numbers (a single number for a tensor without dimensions). */
  tolist(): NestedNumbers {
    const values = Array.from(this.toArray() as Float64Array, Number);
    const shape = this.shape;
    let next = 0;
    const rows = (depth: number): NestedNumbers =>
      depth === shape.length ? values[next++]! : Array.from({ length: shape[depth]! }, () => rows(depth + 1));
    return rows(0);
  }
}

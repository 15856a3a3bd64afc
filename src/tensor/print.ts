/** A tensor as text, by the rules of PyTorch's own printing with its default options. */
import { noGrad } from "./autograd.ts";
import { scope } from "./handle.ts";
import { indexTensor } from "./indexing.ts";
import type { Tensor } from "./tensor.ts";
import type { DType } from "./types.ts";

/** Digits after the point. */
const PRECISION = 4;
/** Elements from which on only the edges are shown, and how many of each edge. */
const THRESHOLD = 1000;
const EDGE = 3;
/** Characters in a line. */
const WIDTH = 80;
const PREFIX = "tensor(";

/**
 * What `console.log(x)` and `String(x)` show: the values as PyTorch prints them, with the dtype unless it is float32, int64
 * or bool, the device unless it is the CPU, and requires_grad.
 */
export function print(tensor: Tensor): string {
  const { shape, dtype, device, requiresGrad } = tensor;
  const empty = tensor.numel === 0;
  const suffixes: string[] = [];
  if (device !== "cpu") suffixes.push(`device='${device}'`);
  if (empty && shape.length !== 1) suffixes.push(`size=(${shape.join(", ")})`);
  if (dtype !== "float32" && (empty || (dtype !== "int64" && dtype !== "bool"))) suffixes.push(`dtype=torch.${dtype}`);
  if (requiresGrad) suffixes.push("requires_grad=True");

  let text = PREFIX + (empty ? "[]" : valuesOf(tensor, shape));
  let column = text.length - text.lastIndexOf("\n");
  for (const suffix of suffixes) {
    const fits = column + suffix.length + 2 <= WIDTH;
    text += fits ? `, ${suffix}` : `,\n${" ".repeat(PREFIX.length)}${suffix}`;
    column = fits ? column + suffix.length + 2 : PREFIX.length + suffix.length;
  }
  return `${text})`;
}

function valuesOf(tensor: Tensor, shape: readonly number[]): string {
  const summarised = tensor.numel > THRESHOLD;
  const values = noGrad(() => scope(() => (summarised ? edgesOf(tensor, shape) : tensor).toArray()));
  const { dtype } = tensor;
  const list = Array.from<number | bigint>(values as Iterable<number | bigint>);
  const elements = dtype === "bool" ? list.map((v) => (v ? "True" : "False")) : formatted(list, dtype);
  // The width is that of the numbers proper: 0, infinities and NaN fit in or stand out.
  const proper = (value: number | bigint) => typeof value === "bigint" || (Number.isFinite(value) && value !== 0);
  const counted = dtype.includes("float") ? elements.filter((_, i) => proper(list[i]!)) : elements;
  const width = Math.max(1, ...counted.map((element) => element.length));
  const padded = elements.map((element) => element.padStart(width));
  let next = 0;

  // Consumes the elements of dimension `depth` and those within it.
  const block = (depth: number): string => {
    if (depth === shape.length) return padded[next++]!;
    const size = shape[depth]!;
    const cut = summarised && size > 2 * EDGE;
    const last = depth === shape.length - 1;
    const parts = Array.from({ length: cut ? 2 * EDGE : size }, () => block(depth + 1));
    if (cut) parts.splice(EDGE, 0, last ? " ..." : "...");
    const indent = PREFIX.length + depth + 1;
    if (!last) return `[${parts.join(`,${"\n".repeat(shape.length - depth - 1)}${" ".repeat(indent)}`)}]`;
    const perLine = Math.max(1, Math.floor((WIDTH - indent + 1) / (width + 2)));
    const lines = Array.from({ length: Math.ceil(parts.length / perLine) }, (_, i) =>
      parts.slice(i * perLine, (i + 1) * perLine).join(", "),
    );
    return `[${lines.join(`,\n${" ".repeat(indent)}`)}]`;
  };
  return block(0);
}

/** The first and last entries along every dimension that is cut. */
function edgesOf(tensor: Tensor, shape: readonly number[]): Tensor {
  return shape.reduce((edges, size, dim) => {
    if (size <= 2 * EDGE) return edges;
    const kept = Array.from({ length: 2 * EDGE }, (_, i) => (i < EDGE ? i : size - 2 * EDGE + i));
    return edges.indexSelect(dim, indexTensor(kept, tensor));
  }, tensor);
}

/** Elements as text: all whole, all with four decimals, or all scientific, whichever suits their range. */
function formatted(values: readonly (number | bigint)[], dtype: DType): string[] {
  if (!dtype.includes("float")) return values.map(String);
  const numbers = values as readonly number[];
  const sizes = numbers.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs);
  const whole = sizes.every(Number.isInteger);
  const largest = Math.max(...sizes);
  const smallest = Math.min(...sizes);
  const scientific = sizes.length > 0 && (largest / smallest > 1000 || largest > 1e8 || (!whole && smallest < 1e-4));
  return numbers.map((value) => {
    if (Number.isNaN(value)) return "nan";
    const sign = value < 0 || Object.is(value, -0) ? "-" : "";
    const size = Math.abs(value);
    if (size === Number.POSITIVE_INFINITY) return `${sign}inf`;
    if (scientific) return sign + exponential(size);
    return sign + (whole ? `${size}.` : fixed(size));
  });
}

/** Four decimals; of two that are equally near the even one, where toFixed takes the larger. */
function fixed(size: number): string {
  // Only multiples of 1/32 lie exactly between two numbers with four decimals.
  const digits = size.toFixed(PRECISION + 1);
  const tie = Number.isInteger(size * 32) && digits.endsWith("5");
  return tie && isEven(digits.at(-2)!) ? digits.slice(0, -1) : size.toFixed(PRECISION);
}

/** Four decimals and an exponent of at least two digits; of two that are equally near the even one. */
function exponential(size: number): string {
  const exact = size.toExponential(100);
  const digits = exact.slice(2, exact.indexOf("e"));
  const tie = /^50*$/.test(digits.slice(PRECISION));
  const [mantissa, exponent] = size.toExponential(PRECISION).split("e") as [string, string];
  const rounded = tie && isEven(digits[PRECISION - 1]!) ? exact.slice(0, PRECISION + 2) : mantissa;
  return `${rounded}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

function isEven(digit: string): boolean {
  return Number(digit) % 2 === 0;
}

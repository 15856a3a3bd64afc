/** A network as the list of operators that one forward pass calls, from which every written form is made. */
import { UserError } from "../../base/errors.ts";
import type { DType, Tensor } from "../../tensor/index.ts";
import type { Schema } from "./schema.ts";

/** A whole number that grows with the batch: `batch` times its size, `plus` more. */
export interface Growing {
  readonly batch: number;
  readonly plus: number;
}

/** A size, or another whole number that an operator takes. */
export type Size = number | Growing;

/** A tensor that depends on the inputs. */
export interface Value {
  readonly kind: "value";
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly Size[];
}

/** A tensor that is the same in every pass: a parameter, a buffer, or what is computed from these alone. */
export interface Constant {
  readonly kind: "constant";
  readonly name: string;
  /** On the CPU, in row-major order. */
  readonly tensor: Tensor;
}

/** What an operator takes. A list of tensors may have gaps (null). */
export type Argument = Value | Constant | Size | string | boolean | null | readonly Argument[];

/** One call of an operator. */
export interface Node {
  /** Its name without the mark of in-place operators: "aten::relu" for relu_. */
  readonly operator: string;
  /** Path of the module whose forward called it, such as "body.3"; "" for the network itself. */
  readonly module: string;
  /** By the names of the schema, with its defaults. */
  readonly arguments: Readonly<Record<string, Argument>>;
  readonly outputs: readonly Value[];
  /** Types, names and defaults of the arguments. */
  readonly schema: Schema;
  /** Calls it with tensors in place of values and constants. */
  run(given: readonly unknown[]): unknown;
}

/** The whole. */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly nodes: readonly Node[];
  /** By the names of the outputs. */
  readonly outputs: ReadonlyMap<string, Value>;
}

/** Whether a size grows with the batch. */
export const isGrowing = (size: Argument | undefined): size is Growing =>
  typeof size === "object" && size !== null && "batch" in size;

/** Whether an argument is a tensor that depends on the inputs. */
export const isValue = (argument: unknown): argument is Value =>
  typeof argument === "object" && argument !== null && (argument as Value).kind === "value";

/** Whether an argument is a tensor that does not. */
export const isConstant = (argument: unknown): argument is Constant =>
  typeof argument === "object" && argument !== null && (argument as Constant).kind === "constant";

/** Whether two sizes are equal for every batch. */
export const sameSize = (a: Size, b: Size): boolean =>
  isGrowing(a) ? isGrowing(b) && a.batch === b.batch && a.plus === b.plus : a === b;

/** The sum of two sizes. */
export function sumOf(a: Size, b: Size): Size {
  const [x, y] = [a, b].map((size) => (isGrowing(size) ? size : { batch: 0, plus: size })) as [Growing, Growing];
  const batch = x.batch + y.batch;
  return batch === 0 ? x.plus + y.plus : { batch, plus: x.plus + y.plus };
}

/** A size for a batch. */
export const sizeFor = (size: Size, batch: number): number => (isGrowing(size) ? size.batch * batch + size.plus : size);

/** The values that an operator takes, also those inside of lists. */
export function valuesOf(node: Pick<Node, "arguments">): Value[] {
  const found: Value[] = [];
  const visit = (argument: Argument): void => {
    if (isValue(argument)) found.push(argument);
    else if (Array.isArray(argument)) for (const each of argument as readonly Argument[]) visit(each);
  };
  for (const argument of Object.values(node.arguments)) visit(argument);
  return found;
}

/** A node with other arguments in place of some. */
export function withArguments(node: Node, change: (argument: Argument) => Argument): Node {
  const visit = (argument: Argument): Argument =>
    Array.isArray(argument) ? (argument as readonly Argument[]).map(visit) : change(argument);
  const changed = Object.entries(node.arguments).map(([name, argument]) => [name, visit(argument)] as const);
  return { ...node, arguments: Object.fromEntries(changed) };
}

/** A refusal that names the operator and the module. */
export function refuseOperator({ operator, module }: Pick<Node, "operator" | "module">, reason: string): UserError {
  const where = module === "" ? "the network itself" : `the module ${module}`;
  return new UserError(`the network cannot be exported: ${operator}, called by ${where}, ${reason}`);
}

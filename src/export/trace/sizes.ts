/**
 * How the numbers of a pass depend on the batch. The same pass is logged for three sizes of the batch. A number that is
 * the same in all of them is fixed, and one that lies on a line through all three grows with the batch.
 */

import type { OperatorCall, OperatorWatcher } from "../../tensor/index.ts";
import { Tensor } from "../../tensor/index.ts";
import { refuseOperator, type Size } from "./graph.ts";
import { schemaOf } from "./schema.ts";

/** Drop elements at random if they are told that the network is trained. */
const DROPS = /^aten::(alpha_|feature_|feature_alpha_)?dropout$/;

/** A call without its tensors. */
export interface LoggedCall {
  readonly operator: string;
  readonly module: string;
  /** Arguments by name; tensors are "tensor". */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Shapes of the resulting tensors. */
  readonly shapes: readonly (readonly number[])[];
}

/** A call whose numbers are {@link Size}s. */
export interface SizedCall {
  readonly operator: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly shapes: readonly (readonly Size[])[];
  /** Whether an argument grows with the batch. */
  readonly grows: boolean;
}

/** The tensors among the results of a call. */
export function resultsOf({ result }: Pick<OperatorCall, "result">): Tensor[] {
  const all = Array.isArray(result) ? result : [result];
  return all.filter((each) => Tensor.isTensor(each)) as Tensor[];
}

/** The arguments of a call by name, with the schema's defaults for those that were left out. */
export function namedArguments({ schema, given }: Pick<OperatorCall, "schema" | "given">): Record<string, unknown> {
  const named = schemaOf(schema).arguments.map(
    ({ name, fallback }, i) => [name, given[i] ?? fallback ?? null] as const,
  );
  return Object.fromEntries(named);
}

/** The log of a pass, in which what no graph can do is refused. */
export class Log implements OperatorWatcher {
  readonly calls: LoggedCall[] = [];
  readonly #path: () => string;
  /** Tensors that depend on the inputs. */
  readonly #depending: Set<Tensor>;

  constructor(inputs: Iterable<Tensor>, path: () => string) {
    this.#path = path;
    this.#depending = new Set(inputs);
  }

  called(call: OperatorCall): void {
    const module = this.#path();
    const { operator } = call;
    const named = namedArguments(call);
    if (schemaOf(call.schema).draws || (DROPS.test(operator) && named.train === true)) {
      throw refuseOperator({ operator, module }, "draws random numbers, which an exported network cannot");
    }
    const results = resultsOf(call);
    if (call.given.flat().some((each) => this.#depending.has(each as Tensor))) {
      if (results.length === 0) throw refuseOperator({ operator, module }, "reads a number that depends on the inputs");
      for (const tensor of results) this.#depending.add(tensor);
    }
    this.calls.push(logged(call, module));
  }

  read(tensor: Tensor): void {
    if (!this.#depending.has(tensor)) return;
    throw refuseOperator({ operator: "toArray", module: this.#path() }, "reads values that depend on the inputs");
  }
}

/** A call as it is logged. */
function logged(call: OperatorCall, module: string): LoggedCall {
  const withoutTensors = (value: unknown): unknown => {
    if (Tensor.isTensor(value)) return "tensor";
    return Array.isArray(value) ? value.map(withoutTensors) : value;
  };
  const named = Object.entries(namedArguments(call)).map(([name, value]) => [name, withoutTensors(value)] as const);
  const shapes = resultsOf(call).map((tensor) => tensor.shape);
  return { operator: call.operator, module, arguments: Object.fromEntries(named), shapes };
}

/**
 * The calls of a pass as functions of the batch's size.
 *
 * @param logs - of the same pass for each of `batches`, three different sizes
 * @throws UserError for a pass that calls other operators for another batch, or takes a number that does not grow in
 * proportion.
 */
export function sizedCalls(logs: readonly (readonly LoggedCall[])[], batches: readonly number[]): SizedCall[] {
  const [first, ...others] = logs as [readonly LoggedCall[], ...(readonly LoggedCall[])[]];
  const longest = logs.reduce((a, b) => (b.length > a.length ? b : a));
  return longest.map((each, i) => {
    const call = first[i];
    const same = others.map((log) => log[i]);
    if (call === undefined || same.some((other) => other?.operator !== call.operator)) {
      throw refuseOperator(call ?? each, "is not called for every size of the batch");
    }
    const all = [call, ...(same as LoggedCall[])];
    let grows = false;
    const refuse = (): never => {
      throw refuseOperator(
        call,
        "takes a number that depends on the size of the batch and does not grow in proportion to it",
      );
    };
    const merged = (values: readonly unknown[]): unknown => {
      const [one] = values;
      if (values.every((value) => Object.is(value, one))) return one;
      if (values.every(Array.isArray)) {
        const lists = values as readonly unknown[][];
        const { length } = lists[0]!;
        if (lists.some((list) => list.length !== length)) return refuse();
        return lists[0]!.map((_, at) => merged(lists.map((list) => list[at])));
      }
      const size = values.every((value) => typeof value === "number") ? sizeOf(values as number[], batches) : undefined;
      if (size === undefined) return refuse();
      grows = true;
      return size;
    };
    const names = Object.keys(call.arguments);
    const named = Object.fromEntries(names.map((name) => [name, merged(all.map((one) => one.arguments[name]))]));
    const growing = grows;
    const shapes = merged(all.map((one) => one.shapes)) as SizedCall["shapes"];
    return { operator: call.operator, arguments: named, shapes, grows: growing };
  });
}

function sizeOf(values: readonly number[], batches: readonly number[]): Size | undefined {
  const batch = (values[1]! - values[0]!) / (batches[1]! - batches[0]!);
  const plus = values[0]! - batch * batches[0]!;
  const fits = Number.isInteger(batch) && Number.isInteger(plus);
  return fits && values.every((value, i) => value === batch * batches[i]! + plus) ? { batch, plus } : undefined;
}

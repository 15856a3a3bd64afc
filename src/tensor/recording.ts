/** Watching the operators that a computation calls, for a description of it that others can run. */
import type { Tensor } from "./tensor.ts";

/** One call of an operator, after it was made. */
export interface OperatorCall {
  /** Name and overload, such as "aten::add.Tensor". */
  readonly operator: string;
  /** The schema: the types, names and defaults of the arguments. */
  readonly schema: string;
  /** The arguments as they were given, in the schema's order; those at the end may be missing. */
  readonly given: readonly unknown[];
  /** The place of the argument that an in-place operator changed and returned, or -1. */
  readonly changed: number;
  /** What it returned: a tensor, a list, or a value. */
  readonly result: unknown;
  /** Calls the operator again with other arguments; those beyond the ones that Gantry declares are left out. */
  readonly again: (given: readonly unknown[]) => unknown;
}

/** What is told of a computation. */
export interface OperatorWatcher {
  /** An operator was called. */
  called(call: OperatorCall): void;
  /** The values of a tensor were copied out to JavaScript. */
  read(tensor: Tensor): void;
}

let watcher: OperatorWatcher | undefined;

/** The watcher, if there is one. */
export const operatorWatcher = (): OperatorWatcher | undefined => watcher;

/**
 * Tells `watching` of every operator that `body` calls. What `watching` itself calls is not told.
 *
 * @example
 * const names: string[] = [];
 * watchOperators({ called: ({ operator }) => names.push(operator), read() {} }, () => network.forward(z));
 */
export function watchOperators<T>(watching: OperatorWatcher, body: () => T): T {
  const before = watcher;
  const quietly = <A extends unknown[]>(tell: (...told: A) => void) => {
    return (...told: A): void => {
      watcher = undefined;
      try {
        tell(...told);
      } finally {
        watcher = own;
      }
    };
  };
  const own: OperatorWatcher = {
    called: quietly((call: OperatorCall) => watching.called(call)),
    read: quietly((tensor: Tensor) => watching.read(tensor)),
  };
  watcher = own;
  try {
    return body();
  } finally {
    watcher = before;
  }
}

/** Runs `body` without telling a watcher of it. */
export function unwatched<T>(body: () => T): T {
  const before = watcher;
  watcher = undefined;
  try {
    return body();
  } finally {
    watcher = before;
  }
}

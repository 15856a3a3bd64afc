/**
 * Tracing: a network's graph from the operators that its forward pass calls, so that there is no second description of any
 * network. The pass is made for several sizes of the batch. What differs between them either grows in proportion to the
 * batch or is refused, by the operator and the module that called it.
 */
import { UserError } from "../../base/errors.ts";
import { type Module, withPassMode } from "../../nn/index.ts";
import { bytesOf, type OperatorWatcher, type Tensor, watchOperators } from "../../tensor/index.ts";
import { type Argument, type Graph, isConstant, type Node, refuseOperator, type Size, type Value } from "./graph.ts";
import { withModulePaths } from "./module-paths.ts";
import { Recorder } from "./record.ts";
import { Log, type LoggedCall, type SizedCall, sizedCalls } from "./sizes.ts";

/** What is traced. */
export interface TraceOptions {
  /** The networks whose modules run in the pass, by name. */
  readonly networks: Readonly<Record<string, Module>>;
  /** New inputs for a batch of that size, by name; dimension 0 is the batch. */
  inputs(batch: number): ReadonlyMap<string, Tensor>;
  /** The pass: outputs by name. Called in the mode in which the network is used. */
  forward(inputs: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor>;
}

/** Three sizes show whether a number lies on a line; the first two are recorded, too. */
const BATCHES = [2, 3, 5];

/**
 * The graph of a pass. The caller disposes its constants ({@link disposeGraph}).
 *
 * @throws UserError for a pass that draws random numbers, reads values back, or calls other operators for another batch.
 */
export function trace(options: TraceOptions): Graph {
  const calls = sizedCalls(
    BATCHES.map((batch) => logOf(options, batch)),
    BATCHES,
  );
  const graph = recorded(options, BATCHES[0]!, calls);
  const again = recorded(options, BATCHES[1]!, calls);
  try {
    requireSame(graph, again);
  } catch (error) {
    disposeGraph(graph);
    throw error;
  } finally {
    disposeGraph(again);
  }
  return graph;
}

/** Frees the constants of a graph. */
export function disposeGraph(graph: Graph): void {
  for (const { tensor } of constantsOf(graph).values()) tensor.dispose();
}

/** The constants that the nodes take, by name. */
export function constantsOf({ nodes }: Pick<Graph, "nodes">): Map<string, Extract<Argument, { kind: "constant" }>> {
  const found = new Map<string, Extract<Argument, { kind: "constant" }>>();
  const visit = (argument: Argument): void => {
    if (isConstant(argument)) found.set(argument.name, argument);
    else if (Array.isArray(argument)) for (const each of argument as readonly Argument[]) visit(each);
  };
  for (const node of nodes) for (const argument of Object.values(node.arguments)) visit(argument);
  return found;
}

function watched<T>(
  { networks, inputs, forward }: TraceOptions,
  batch: number,
  watcherOf: (path: () => string, given: ReadonlyMap<string, Tensor>) => OperatorWatcher,
  finish: (outputs: ReadonlyMap<string, Tensor>) => T,
): T {
  const given = inputs(batch);
  return withModulePaths(networks, (path) => {
    const watcher = watcherOf(path, given);
    const pass = (): ReadonlyMap<string, Tensor> => watchOperators(watcher, () => forward(given));
    return finish(withPassMode({ combineResampling: false }, pass));
  });
}

function logOf(options: TraceOptions, batch: number): readonly LoggedCall[] {
  let log: Log | undefined;
  const watcherOf = (path: () => string, given: ReadonlyMap<string, Tensor>): Log => {
    log = new Log(given.values(), path);
    return log;
  };
  return watched(options, batch, watcherOf, () => log!.calls);
}

function recorded(options: TraceOptions, batch: number, calls: readonly SizedCall[]): Graph {
  let recorder: Recorder | undefined;
  const values: Value[] = [];
  const watcherOf = (path: () => string, given: ReadonlyMap<string, Tensor>): OperatorWatcher => {
    const named = [...given].map(([name, tensor]): [Tensor, Value] => {
      const [, ...rest] = tensor.shape;
      const shape: Size[] = [{ batch: 1, plus: 0 }, ...rest];
      const value: Value = { kind: "value", name, dtype: tensor.dtype, shape };
      values.push(value);
      return [tensor, value];
    });
    recorder = new Recorder({ inputs: new Map(named), calls, names: namesOf(options.networks), path });
    return recorder;
  };
  return watched(options, batch, watcherOf, (tensors) => {
    const outputs = [...tensors].map(([name, tensor]): [string, Value] => {
      const value = recorder!.valueOf(tensor);
      if (value === undefined) {
        throw new UserError(`the network cannot be exported: its output \`${name}\` does not depend on its inputs`);
      }
      return [name, value];
    });
    return { inputs: values, nodes: recorder!.nodes, outputs: new Map(outputs) };
  });
}

/** Parameters and buffers as they are in the pass, by tensor. */
function namesOf(networks: TraceOptions["networks"]): Map<Tensor, string> {
  const several = Object.keys(networks).length > 1;
  return new Map(
    Object.entries(networks).flatMap(([network, module]) =>
      [...module.stateDict()].map(([name, tensor]) => [tensor, several ? `${network}.${name}` : name] as const),
    ),
  );
}

/** @throws UserError when two passes have other nodes or other constants. */
function requireSame(graph: Graph, again: Graph): void {
  for (const [i, node] of graph.nodes.entries()) {
    const other = again.nodes[i];
    if (other === undefined || other.operator !== node.operator)
      throw refuseOperator(node, "is not called in every pass");
    for (const [name, argument] of Object.entries(node.arguments)) {
      if (sameArgument(argument, other.arguments[name]!)) continue;
      throw refuseOperator(node, `takes another \`${name}\` in every pass, which is neither an input nor a weight`);
    }
  }
  const last: Node | undefined = again.nodes[graph.nodes.length];
  if (last !== undefined) throw refuseOperator(last, "is not called in every pass");
}

function sameArgument(a: Argument, b: Argument): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((each, i) => sameArgument(each as Argument, b[i] as Argument));
  }
  if (isConstant(a) && isConstant(b)) {
    return (
      a.tensor.shape.join() === b.tensor.shape.join() && Buffer.compare(bytesOf(a.tensor), bytesOf(b.tensor)) === 0
    );
  }
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return Object.is(a, b);
  return "name" in a && "name" in b ? a.name === b.name : JSON.stringify(a) === JSON.stringify(b);
}

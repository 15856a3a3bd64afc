/** A graph run by the engine itself: what it computes after it was simplified, to compare with the network. */
import { scope, type Tensor } from "../../tensor/index.ts";
import { type Argument, type Graph, isConstant, isGrowing, isValue, sizeFor, valuesOf } from "./graph.ts";

/** The outputs of a graph for inputs, by name. */
export function replay(graph: Graph, inputs: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const batch = [...inputs.values()][0]!.shape[0]!;
  return scope(() => {
    const tensors = new Map(inputs);
    // How often each value is still to be read: maps that are done with are freed.
    const uses = new Map<string, number>();
    const count = (name: string, by: number): number => {
      const left = (uses.get(name) ?? 0) + by;
      uses.set(name, left);
      return left;
    };
    for (const node of graph.nodes) for (const { name } of valuesOf(node)) count(name, 1);
    for (const { name } of [...graph.outputs.values(), ...graph.inputs]) count(name, 1);
    const resolve = (argument: Argument): unknown => {
      if (isValue(argument)) return tensors.get(argument.name);
      if (isConstant(argument)) return argument.tensor;
      if (isGrowing(argument)) return sizeFor(argument, batch);
      return Array.isArray(argument) ? (argument as readonly Argument[]).map(resolve) : argument;
    };
    for (const node of graph.nodes) {
      const result = node.run(Object.values(node.arguments).map(resolve));
      const results = (Array.isArray(result) ? result : [result]) as Tensor[];
      for (const [i, { name }] of node.outputs.entries()) tensors.set(name, results[i]!);
      for (const { name } of valuesOf(node)) if (count(name, -1) === 0) tensors.get(name)!.dispose();
    }
    return new Map([...graph.outputs].map(([name, value]) => [name, tensors.get(value.name)!]));
  });
}

/**
 * Making a graph smaller without changing what it computes: operators that return their input, outputs that nobody takes,
 * and batch norm, which is folded into the convolution or the linear layer before it.
 */
import { keep, type Tensor } from "../../tensor/index.ts";
import {
  type Argument,
  type Constant,
  type Graph,
  isConstant,
  isGrowing,
  isValue,
  type Node,
  type Value,
  valuesOf,
  withArguments,
} from "./graph.ts";

/** The graph, simplified. */
export function simplified(graph: Graph): Graph {
  return withoutUnused(withFoldedNorms(withoutUnused(withoutIdentities(graph))));
}

/** Whether the operator returns its first argument as it is, seen as an array of numbers. */
function isIdentity({ operator, arguments: given, outputs }: Node): boolean {
  const input = Object.values(given)[0]!;
  if (!isValue(input)) return false;
  if (/^aten::to\.|^aten::(contiguous|clone|detach)$/.test(operator)) return outputs[0]!.dtype === input.dtype;
  return /dropout$/.test(operator) && given.train === false;
}

function withoutIdentities(graph: Graph): Graph {
  const instead = new Map<string, Value>();
  const replaced = (argument: Argument): Argument =>
    isValue(argument) ? (instead.get(argument.name) ?? argument) : argument;
  const nodes: Node[] = [];
  for (const each of graph.nodes) {
    const node = withArguments(each, replaced);
    if (isIdentity(node)) instead.set(node.outputs[0]!.name, Object.values(node.arguments)[0] as Value);
    else nodes.push(node);
  }
  const outputs = [...graph.outputs].map(([name, value]) => [name, replaced(value) as Value] as const);
  return { ...graph, nodes, outputs: new Map(outputs) };
}

/** Without nodes whose outputs lead to none of the graph's. */
function withoutUnused(graph: Graph): Graph {
  const needed = new Set([...graph.outputs.values()].map(({ name }) => name));
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some(({ name }) => needed.has(name))) continue;
    nodes.unshift(node);
    for (const { name } of valuesOf(node)) needed.add(name);
  }
  return { ...graph, nodes };
}

/** The dimension of the weight that counts the outputs, of the operators that a norm can be folded into. */
const OUTPUT_DIMENSION: Readonly<Record<string, number>> = {
  "gantry::conv2d": 0,
  "aten::conv1d": 0,
  "aten::conv3d": 0,
  "gantry::conv_transpose2d": 1,
  "aten::conv_transpose1d": 1,
  "aten::conv_transpose3d.input": 1,
  "aten::linear": 0,
};

/** (x - mean) / sqrt(var + eps) x weight + bias as x scale + shift, float64 [features]. */
function affineOf({ arguments: given }: Node): { scale: Tensor; shift: Tensor } {
  const [mean, variance] = [given.running_mean, given.running_var].map((each) => (each as Constant).tensor.double());
  const spread = variance!.add(given.eps as number).rsqrt();
  const scale = isConstant(given.weight) ? spread.mul(given.weight.tensor) : spread;
  const moved = mean!.mul(scale).neg();
  return { scale, shift: isConstant(given.bias) ? moved.add(given.bias.tensor) : moved };
}

/**
 * Folds each batch norm with fixed statistics into the layer before it, where nothing else takes that layer's output.
 * Between a linear layer and the norm may be the view that makes maps of its output.
 */
function withFoldedNorms(graph: Graph): Graph {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map(({ name }) => [name, node] as const)));
  const uses = new Map<string, number>();
  const taken = [...graph.nodes.flatMap(valuesOf), ...graph.outputs.values()];
  for (const { name } of taken) uses.set(name, (uses.get(name) ?? 0) + 1);
  const sharing = sharedConstants(graph);
  const changed = new Map<Node, Node>();
  const dropped = new Map<string, Value>();
  /** The node whose only use is that value. */
  const only = (argument: Argument | undefined): Node | undefined =>
    isValue(argument) && uses.get(argument.name) === 1 ? makers.get(argument.name) : undefined;
  for (const norm of graph.nodes) {
    const given = norm.arguments;
    if (norm.operator !== "aten::batch_norm" || given.training !== false || !isConstant(given.running_mean)) continue;
    const input = norm.arguments.input;
    const before = only(input);
    const viewed =
      before !== undefined && /^aten::(view|reshape)$/.test(before.operator) ? only(before.arguments.self) : undefined;
    const layer = viewed ?? before;
    const pixels = viewed === undefined ? 1 : pixelsOf(before!, given.running_mean.tensor.shape[0]!);
    const dimension = layer && OUTPUT_DIMENSION[layer.operator];
    if (layer === undefined || dimension === undefined || pixels === undefined || changed.has(layer)) continue;
    if (viewed !== undefined && layer.operator !== "aten::linear") continue;
    // Behind a linear layer the features must be its last dimension, and between groups the outputs are not one dimension.
    if (layer.operator === "aten::linear" && layer.outputs[0]!.shape.length !== 2) continue;
    if (!isConstant(layer.arguments.weight) || sharing.has(layer.arguments.weight.name)) continue;
    if (dimension === 1 && layer.arguments.groups !== 1) continue;
    changed.set(layer, folded(layer, affineOf(norm), dimension, pixels));
    dropped.set(norm.outputs[0]!.name, input as Value);
  }
  const replaced = (argument: Argument): Argument =>
    isValue(argument) ? (dropped.get(argument.name) ?? argument) : argument;
  const nodes = graph.nodes
    .filter(({ outputs }) => !dropped.has(outputs[0]!.name))
    .map((node) => withArguments(changed.get(node) ?? node, replaced));
  const outputs = [...graph.outputs].map(([name, value]) => [name, replaced(value) as Value] as const);
  return { ...graph, nodes, outputs: new Map(outputs) };
}

/** Names of the constants that more than one node takes. */
function sharedConstants({ nodes }: Graph): Set<string> {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const node of nodes) {
    for (const argument of Object.values(node.arguments)) {
      if (isConstant(argument)) (seen.has(argument.name) ? shared : seen).add(argument.name);
    }
  }
  return shared;
}

/** How many outputs of a linear layer become one channel of [N, channels, ...]; undefined for another view. */
function pixelsOf({ outputs }: Node, channels: number): number | undefined {
  const [batch, own, ...rest] = outputs[0]!.shape;
  const isMap = isGrowing(batch) && own === channels && rest.every((size) => typeof size === "number");
  return isMap ? (rest as number[]).reduce((product, size) => product * size, 1) : undefined;
}

function folded(layer: Node, { scale, shift }: ReturnType<typeof affineOf>, dimension: number, pixels: number): Node {
  const { weight, bias } = layer.arguments as { weight: Constant; bias: Argument };
  const { dtype, ndim } = weight.tensor;
  const [factors, added] = [scale, shift].map((each) => (pixels === 1 ? each : each.repeatInterleave(pixels)));
  const along = Array.from({ length: ndim }, (_, i) => (i === dimension ? -1 : 1));
  const scaled = keep(weight.tensor.double().mul(factors!.view(along)).to({ dtype }).contiguous());
  const own = isConstant(bias) ? bias.tensor.double().mul(factors!).add(added!) : added!;
  const moved = keep(own.to({ dtype }).contiguous());
  const name = isConstant(bias) ? bias.name : biasOf(weight.name);
  return {
    ...layer,
    arguments: {
      ...layer.arguments,
      weight: { ...weight, tensor: scaled },
      bias: { kind: "constant", name, tensor: moved },
    },
  };
}

/** "body.3.bias" of "body.3.weight". */
const biasOf = (weight: string): string =>
  /weight[^.]*$/.test(weight) ? weight.replace(/weight(?=[^.]*$)/, "bias") : `${weight}_bias`;

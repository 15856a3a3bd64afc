/** A graph as the parts of an ONNX model. */
import type { Graph, Node, Size, Value } from "../trace/index.ts";
import { isGrowing, refuseOperator } from "../trace/index.ts";
import { Builder, Conversion, elementType } from "./builder.ts";
import { ELEMENT_TYPES, type OnnxNode, type OnnxTensor, type OnnxValue } from "./model.ts";
import { converters } from "./operators/index.ts";

/** How a model is written. */
export interface ConvertOptions {
  /** Store weights as float16. */
  readonly half?: boolean | undefined;
  /** The output of that name as bytes 0 to 255 of values in [-1, 1], with the channels before or after height and width. */
  readonly bytes?: { readonly output: string; readonly layout: "nchw" | "nhwc" } | undefined;
}

/** The parts of a model that come from the graph. */
export interface Converted {
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/** @throws UserError for an operator that has no form in ONNX, with the module that called it. */
export function converted(graph: Graph, { half = false, bytes }: ConvertOptions = {}): Converted {
  const build = new Builder(graph.inputs[0]!.name, half);
  for (const { name } of graph.inputs) build.bind(name, name);
  for (const node of graph.nodes) addNode(node, build);
  const outputs: OnnxValue[] = [];
  const renamed = new Map<string, string>();
  for (const [name, value] of graph.outputs) {
    build.begin(name);
    const made = build.made(value.name);
    const wanted = bytes?.output === name ? asBytes(made, bytes.layout, build) : made;
    const taken = renamed.has(wanted) || graph.inputs.some((input) => input.name === wanted);
    renamed.set(taken ? build.add("Identity", [wanted]) : wanted, name);
    outputs.push(bytes?.output === name ? bytesValue(name, value, bytes.layout) : onnxValue(name, value));
  }
  const named = (name: string): string => renamed.get(name) ?? name;
  const nodes = build.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(named),
    outputs: node.outputs.map(named),
  }));
  const inputs = graph.inputs.map((value) => onnxValue(value.name, value));
  return { nodes, tensors: build.tensors, inputs, outputs };
}

function addNode(node: Node, build: Builder): void {
  const convert = converters[node.operator];
  if (convert === undefined) throw refuseOperator(node, "has no form in ONNX that Gantry knows");
  build.begin(node.outputs[0]!.name);
  const made = convert(new Conversion(node, build));
  const names = typeof made === "string" ? [made] : made;
  for (const [i, { name }] of node.outputs.entries()) if (names[i] !== undefined) build.bind(name, names[i]);
}

/** round((x + 1) * 127.5), halves to even, clamped: the bytes of PNG files. */
function asBytes(images: string, layout: "nchw" | "nhwc", build: Builder): string {
  const scaled = build.add("Mul", [build.add("Add", [images, build.scalar(1)]), build.scalar(127.5)]);
  const clipped = build.add("Clip", [build.add("Round", [scaled]), build.scalar(0), build.scalar(255)]);
  const bytes = build.add("Cast", [clipped], { to: ELEMENT_TYPES.uint8 });
  return layout === "nchw" ? bytes : build.add("Transpose", [bytes], { perm: [0, 2, 3, 1] });
}

const sizesOf = (shape: readonly Size[]): (number | "batch")[] =>
  shape.map((size) => (isGrowing(size) ? "batch" : size));

const onnxValue = (name: string, { dtype, shape }: Value): OnnxValue => ({
  name,
  dtype: elementType(dtype),
  shape: sizesOf(shape),
});

function bytesValue(name: string, { shape }: Value, layout: "nchw" | "nhwc"): OnnxValue {
  const [batch, channels, ...sides] = sizesOf(shape) as [number, number, ...number[]];
  return { name, dtype: "uint8", shape: layout === "nchw" ? [batch, channels, ...sides] : [batch, ...sides, channels] };
}

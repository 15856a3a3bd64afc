/**
 * A graph as a Python module: a torch.nn.Module whose forward calls the operators one by one, under the names of the modules
 * that called them, with the weights in the same file as base64.
 */
import { bytesOf } from "../../tensor/index.ts";
import type { ExportedNetwork } from "../network.ts";
import { type Argument, constantsOf, isConstant, isValue, type Value, valuesOf } from "../trace/index.ts";
import { expressionOf } from "./expressions.ts";

const PYTHON_NAMES = { generator: "Generator", discriminator: "Discriminator", classifier: "Classifier" } as const;
/** Letters of base64 in a line. */
const LINE = 4096;

/** The text of the module, in parts. */
export function* pythonModule({ kind, graph, metadata }: ExportedNetwork): Generator<string> {
  const name = PYTHON_NAMES[kind];
  const constants = constantsOf(graph);
  const attributes = attributeNames([...constants.keys()]);
  const [first] = graph.inputs as [Value];
  const variables = new Map(graph.inputs.map((input) => [input.name, input.name]));
  const naming = (tensor: Argument): string => {
    if (isConstant(tensor)) return `self.${attributes.get(tensor.name)}`;
    return variables.get((tensor as Value).name)!;
  };
  const rest = graph.inputs.slice(1).map((input) => `${input.name}=None`);
  yield header(kind, graph, metadata);
  yield `class ${name}(torch.nn.Module):\n`;
  yield `    def __init__(self):\n        super().__init__()\n`;
  yield "        data = base64.b64decode(WEIGHTS)\n";
  yield "        for name, dtype, shape, start, end in TENSORS:\n";
  yield "            tensor = torch.frombuffer(bytearray(data[start:end]), dtype=dtype).reshape(shape)\n";
  yield "            self.register_buffer(name, tensor)\n\n";
  yield `    def forward(${["self", first.name, ...rest].join(", ")}):\n`;
  const lines = [...body(graph, variables, naming)];
  if (lines.some((line) => /\bN\b/.test(line))) yield `        N = ${first.name}.shape[0]\n`;
  if (lines.some((line) => line.includes("device=device"))) yield `        device = ${first.name}.device\n`;
  yield* lines;
  const results = [...graph.outputs].map(([output, value]) => [output, naming(value)] as const);
  const [only] = results as [(typeof results)[number]];
  yield results.length === 1
    ? `        return ${only[1]}\n`
    : `        return {${results.map(([output, text]) => `"${output}": ${text}`).join(", ")}}\n`;
  yield* weights([...constants.values()].map((constant) => [attributes.get(constant.name)!, constant.tensor]));
}

type Graph = ExportedNetwork["graph"];

/** A line for each node. A variable is reused as soon as its value is not needed any more. */
function* body(
  { nodes, outputs }: Graph,
  variables: Map<string, string>,
  naming: (tensor: Argument) => string,
): Generator<string> {
  const lastUse = new Map<string, number>();
  for (const [i, node] of nodes.entries()) for (const { name } of valuesOf(node)) lastUse.set(name, i);
  for (const { name } of outputs.values()) lastUse.set(name, nodes.length);
  const free: string[] = [];
  let made = 0;
  const inputs = new Set(variables.values());
  const fresh = (): string => {
    const name = made++ === 0 ? "x" : `x${made}`;
    return inputs.has(name) ? fresh() : name;
  };
  let module: string | undefined;
  for (const [i, node] of nodes.entries()) {
    if (node.module !== module && node.module !== "") yield `        # ${node.module}\n`;
    module = node.module;
    const text = expressionOf(node, naming);
    for (const { name } of new Set(valuesOf(node).filter(isValue))) {
      const variable = variables.get(name)!;
      if (lastUse.get(name) === i && !inputs.has(variable) && !free.includes(variable)) free.push(variable);
    }
    const targets = node.outputs.map(({ name }) => {
      const variable = free.sort().shift() ?? fresh();
      variables.set(name, variable);
      return variable;
    });
    // Of an operator with several results that nobody takes, the variables are free again.
    for (const [j, { name }] of node.outputs.entries()) if (!lastUse.has(name)) free.push(targets[j]!);
    yield `        ${targets.join(", ")} = ${text}\n`;
  }
}

function header(kind: string, { inputs, outputs }: Graph, metadata: Readonly<Record<string, string>>): string {
  const sizes = (value: Value): string =>
    `[${value.shape.map((size) => (typeof size === "number" ? size : "N")).join(", ")}] ${value.dtype}`;
  const known = Object.entries(metadata).map(
    ([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`,
  );
  const lines = [
    ...inputs.map((value) => `    ${value.name}: ${sizes(value)}`),
    ...[...outputs].map(([output, value]) => `    returns ${output}: ${sizes(value)}`),
  ];
  return `"""A ${kind} that Gantry ${metadata["gantry.version"]} trained, in plain PyTorch, with its weights.

${lines.join("\n")}

Spectral norm is folded into the weights, batch norm into the layers before it. METADATA says where it comes from.
"""

import base64

import torch
import torch.nn.functional as F

METADATA = {
${known.join("")}}


`;
}

/** Names of tensors as attributes in Python: "body.3.weight" as body_3_weight. */
function attributeNames(names: readonly string[]): Map<string, string> {
  const taken = new Set<string>(["training", "forward"]);
  return new Map(
    names.map((name) => {
      const plain = name.replaceAll(/\W/g, "_").replace(/^(?=\d)/, "_");
      let own = plain;
      for (let i = 2; taken.has(own); i++) own = `${plain}_${i}`;
      taken.add(own);
      return [name, own];
    }),
  );
}

function* weights(
  tensors: readonly (readonly [string, { dtype: string; shape: number[] } & Parameters<typeof bytesOf>[0]])[],
): Generator<string> {
  yield "\n\n# Name, type, shape, and place among the bytes below.\nTENSORS = [\n";
  let start = 0;
  const parts: Uint8Array[] = [];
  for (const [name, tensor] of tensors) {
    const bytes = bytesOf(tensor);
    const end = start + bytes.length;
    const shape = tensor.shape;
    yield `    ("${name}", torch.${tensor.dtype}, [${shape.join(", ")}], ${start}, ${end}),\n`;
    parts.push(bytes);
    start = end;
  }
  yield ']\n\n# Little-endian.\nWEIGHTS = b"""\n';
  const text = Buffer.concat(parts).toString("base64");
  for (let at = 0; at < text.length; at += LINE) yield `${text.slice(at, at + LINE)}\n`;
  yield '"""\n';
}

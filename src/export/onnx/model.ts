/**
 * ONNX files: protocol buffers with the field numbers of onnx.proto (ONNX 1.12: IR version 8, operator set 17), written
 * field by field.
 */
import { PbfWriter } from "pbf";
import { UserError } from "../../base/errors.ts";

/** The element types that models here have, with ONNX's numbers. */
export const ELEMENT_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
} as const;

/** An element type. */
export type ElementType = keyof typeof ELEMENT_TYPES;

/** A stored tensor. */
export interface OnnxTensor {
  readonly name: string;
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  /** Row by row, little-endian. */
  readonly bytes: Uint8Array;
}

/** The value of an attribute. A float is written as { float }, since JavaScript has one type of numbers. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] };

/** One operator. */
export interface OnnxNode {
  readonly name: string;
  readonly type: string;
  /** Names; "" for one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** An input or output of the model. */
export interface OnnxValue {
  readonly name: string;
  readonly dtype: ElementType;
  /** "batch" where the size is that of the batch. */
  readonly shape: readonly (number | "batch")[];
}

/** A whole model. */
export interface OnnxParts {
  readonly name: string;
  readonly description: string;
  readonly producerVersion: string;
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly metadata: Readonly<Record<string, string>>;
}

const IR_VERSION = 8;
/** The version of ONNX's operators that all nodes are of. */
export const OPSET = 17;

const nested = (parent: PbfWriter, field: number, write: (child: PbfWriter) => void): void => {
  const child = new PbfWriter();
  write(child);
  parent.writeBytesField(field, child.finish());
};

/** Protocol buffers end at 2 GiB. */
const MOST_BYTES = 2 ** 31 - 2 ** 20;

/**
 * The bytes of a model's file.
 * @throws UserError when they would be more than the format has room for.
 */
export function modelBytes(model: OnnxParts): Uint8Array {
  const weights = model.tensors.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (weights > MOST_BYTES) {
    throw new UserError(`ONNX files end at 2 GiB, and the weights have ${weights} bytes; store them in half precision`);
  }
  const file = new PbfWriter();
  file.writeVarintField(1, IR_VERSION);
  file.writeStringField(2, "gantry");
  file.writeStringField(3, model.producerVersion);
  file.writeStringField(6, model.description);
  nested(file, 7, (graph) => writeGraph(graph, model));
  nested(file, 8, (operators) => {
    operators.writeStringField(1, "");
    operators.writeVarintField(2, OPSET);
  });
  for (const [key, value] of Object.entries(model.metadata)) {
    nested(file, 14, (entry) => {
      entry.writeStringField(1, key);
      entry.writeStringField(2, value);
    });
  }
  return file.finish();
}

function writeGraph(graph: PbfWriter, { name, nodes, tensors, inputs, outputs }: OnnxParts): void {
  for (const node of nodes) nested(graph, 1, (entry) => writeNode(entry, node));
  graph.writeStringField(2, name);
  for (const tensor of tensors) nested(graph, 5, (entry) => writeTensor(entry, tensor));
  for (const value of inputs) nested(graph, 11, (entry) => writeValue(entry, value));
  for (const value of outputs) nested(graph, 12, (entry) => writeValue(entry, value));
}

function writeNode(entry: PbfWriter, { name, type, inputs, outputs, attributes }: OnnxNode): void {
  for (const input of inputs) entry.writeStringField(1, input);
  for (const output of outputs) entry.writeStringField(2, output);
  entry.writeStringField(3, name);
  entry.writeStringField(4, type);
  for (const [key, value] of Object.entries(attributes)) {
    nested(entry, 5, (attribute) => {
      attribute.writeStringField(1, key);
      writeAttribute(attribute, value);
    });
  }
}

/** The value and, in field 20, its type. */
function writeAttribute(attribute: PbfWriter, value: Attribute): void {
  if (typeof value === "number") {
    attribute.writeVarintField(3, value);
    attribute.writeVarintField(20, 2);
  } else if (typeof value === "string") {
    attribute.writeBytesField(4, Buffer.from(value));
    attribute.writeVarintField(20, 3);
  } else if ("float" in value) {
    attribute.writeFloatField(2, value.float);
    attribute.writeVarintField(20, 1);
  } else if ("floats" in value) {
    for (const each of value.floats) attribute.writeFloatField(7, each);
    attribute.writeVarintField(20, 6);
  } else {
    for (const each of value) attribute.writeVarintField(8, each);
    attribute.writeVarintField(20, 7);
  }
}

function writeTensor(entry: PbfWriter, { name, dtype, shape, bytes }: OnnxTensor): void {
  for (const size of shape) entry.writeVarintField(1, size);
  entry.writeVarintField(2, ELEMENT_TYPES[dtype]);
  entry.writeStringField(8, name);
  entry.writeBytesField(9, bytes);
}

function writeValue(entry: PbfWriter, { name, dtype, shape }: OnnxValue): void {
  entry.writeStringField(1, name);
  nested(entry, 2, (type) =>
    nested(type, 1, (tensor) => {
      tensor.writeVarintField(1, ELEMENT_TYPES[dtype]);
      nested(tensor, 2, (sizes) => {
        for (const size of shape) {
          nested(sizes, 1, (one) =>
            typeof size === "number" ? one.writeVarintField(1, size) : one.writeStringField(2, size),
          );
        }
      });
    }),
  );
}

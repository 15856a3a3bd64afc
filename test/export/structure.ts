/** The structure of an ONNX model without its weights and its metadata, which is what a checker looks at. */
import { createHash } from "node:crypto";
import { PbfReader } from "pbf";

const GRAPH = 7;
const TENSOR = 5;
const RAW_DATA = 9;

/** SHA-256 of the graph: nodes, inputs, outputs, and names, types and shapes of the stored tensors. */
export function structureHash(model: Uint8Array): string {
  const hash = createHash("sha256");
  const isGraph = (field: number): boolean => field === GRAPH;
  eachField(model, (field, graph) => {
    if (!isGraph(field)) return;
    eachField(graph, (part, bytes) => {
      if (part !== TENSOR) hash.update(bytes);
      else
        eachField(bytes, (own, value) => {
          if (own !== RAW_DATA) hash.update(`${own}:`).update(value);
        });
    });
  });
  return hash.digest("hex").slice(0, 16);
}

/** The fields of a message; numbers as their text. */
function eachField(message: Uint8Array, visit: (field: number, value: Uint8Array) => void): void {
  const reader = new PbfReader(message);
  while (reader.pos < reader.length) {
    const tag = reader.readVarint();
    const value = (tag & 7) === 2 ? reader.readBytes() : Buffer.from(String(reader.readVarint()));
    visit(tag >> 3, value);
  }
}

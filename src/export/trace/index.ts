export {
  type Argument,
  type Constant,
  type Graph,
  type Growing,
  isConstant,
  isGrowing,
  isValue,
  type Node,
  refuseOperator,
  type Size,
  sameSize,
  sizeFor,
  sumOf,
  type Value,
  valuesOf,
  withArguments,
} from "./graph.ts";
export { replay } from "./replay.ts";
export type { Schema, SchemaArgument } from "./schema.ts";
export { simplified } from "./simplify.ts";
export { constantsOf, disposeGraph, type TraceOptions, trace } from "./trace.ts";

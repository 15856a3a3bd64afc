/** Operators of ATen, and the few of Gantry's own, as nodes of ONNX: a line for each operator. */
import type { Converters } from "./converter.ts";
import { layers } from "./layers.ts";
import { picks } from "./picks.ts";
import { pointwise } from "./pointwise.ts";
import { reductions } from "./reductions.ts";
import { shapes } from "./shapes.ts";

/** All converters, by operator. */
export const converters: Converters = { ...pointwise, ...shapes, ...layers, ...reductions, ...picks };

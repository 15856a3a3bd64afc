/** Operators that view, join, cut, repeat or convert. */
import { isGrowing, type Size, sameSize, sumOf } from "../../trace/index.ts";
import type { Conversion } from "../builder.ts";
import type { Converter, Converters } from "./converter.ts";

/** Past the end of every dimension. */
const END = 2 ** 31 - 1;

/** The same elements in the shape of the result. One size that grows is written as -1: what is left for it. */
const reshaped: Converter = (call) => {
  const growing = call.shape.filter(isGrowing).length;
  const sizes = growing === 1 ? call.shape.map((size) => (isGrowing(size) ? -1 : size)) : call.shape;
  return call.add("Reshape", [call.tensor("self"), call.build.sizes(sizes)]);
};

const axes = (call: Conversion, list: readonly number[]): string => call.build.numbers(list, "int64");

/** `size` entries of a dimension from `start`. */
function cut(call: Conversion, dimension: number, start: Size, end: Size, step = 1): string {
  const whole = call.shapeOf("self")[dimension]!;
  const last = sameSize(end, whole) ? END : end;
  const { build } = call;
  return call.add("Slice", [
    call.tensor("self"),
    build.sizes([start]),
    build.sizes([last]),
    axes(call, [dimension]),
    axes(call, [step]),
  ]);
}

/** A place that may be counted from the end. */
const fromFront = (place: Size, whole: Size): Size =>
  typeof place === "number" && place < 0 ? sumOf(whole, place) : place;

const sizeArgument = (call: Conversion, name: string): Size => {
  const given = call.given(name);
  if (typeof given === "number" || isGrowing(given)) return given;
  throw call.refuse(`takes \`${name}\` in a form that has no counterpart in ONNX`);
};

const narrowed: Converter = (call) => {
  const dimension = call.dimension("dim");
  const start = fromFront(sizeArgument(call, "start"), call.shapeOf("self")[dimension]!);
  return cut(call, dimension, start, sumOf(start, sizeArgument(call, "length")));
};

const sliced: Converter = (call) => {
  const dimension = call.dimension("dim");
  const whole = call.shapeOf("self")[dimension]!;
  const start = call.given("start") === null ? 0 : fromFront(sizeArgument(call, "start"), whole);
  const end = call.given("end") === null ? whole : fromFront(sizeArgument(call, "end"), whole);
  return cut(call, dimension, start, end, call.number("step"));
};

const selected: Converter = (call) => {
  const dimension = call.dimension("dim");
  const index = fromFront(sizeArgument(call, "index"), call.shapeOf("self")[dimension]!);
  const entry = cut(call, dimension, index, sumOf(index, 1));
  return call.add("Squeeze", [entry, axes(call, [dimension])]);
};

/** Parts along a dimension, of the sizes that the results have. */
const split: Converter = (call) => {
  const dimension = call.dimension("dim");
  const sizes = call.node.outputs.map(({ shape }) => shape[dimension]!);
  const names = sizes.map((_, i) => call.build.fresh(`part${i}`));
  return call.build.addMany("Split", [call.tensor("self"), call.build.sizes(sizes)], { axis: dimension }, names);
};

const unbound: Converter = (call) => {
  const dimension = call.dimension("dim");
  return call.node.outputs.map((_, i) =>
    call.add("Squeeze", [cut(call, dimension, i, i + 1), axes(call, [dimension])]),
  );
};

const swapped: Converter = (call) => {
  const order = call.shapeOf("self").map((_, i) => i);
  const [a, b] = call.given("dim0") === null ? [0, 1] : [call.dimension("dim0"), call.dimension("dim1")];
  if (order.length < 2) return call.add("Identity", [call.tensor("self")]);
  [order[a], order[b]] = [order[b]!, order[a]!];
  return call.add("Transpose", [call.tensor("self")], { perm: order });
};

const expanded: Converter = (call) => {
  // 1 keeps a size, also where it grows.
  const own = call.shapeOf("self");
  const missing = call.shape.length - own.length;
  const sizes = call.shape.map((size, i) => (i >= missing && sameSize(own[i - missing]!, size) ? 1 : size));
  return call.add("Expand", [call.tensor("self"), call.build.sizes(sizes)]);
};

const repeated: Converter = (call) => {
  const times = call.given(call.given("repeats") === null ? "dims" : "repeats") as readonly Size[];
  const own = call.shapeOf("self").length;
  const padded = [...Array<Size>(Math.max(0, own - times.length)).fill(1), ...times];
  const added = Array.from({ length: padded.length - own }, (_, i) => i);
  const self = call.tensor("self");
  const wide = added.length === 0 ? self : call.add("Unsqueeze", [self, axes(call, added)]);
  return call.add("Tile", [wide, call.build.sizes(padded)]);
};

const flipped: Converter = (call) => {
  const dimensions = call.dimensions("dims");
  const all = (value: number): string =>
    axes(
      call,
      dimensions.map(() => value),
    );
  return call.add("Slice", [call.tensor("self"), all(-1), all(-END), axes(call, dimensions), all(-1)]);
};

/** Pads [before, after] from the last dimension backwards, as ONNX wants them from the first: all before, all after. */
const padded: Converter = (call) => {
  const given = call.numbers("pad");
  const { length } = call.shapeOf("self");
  const sides = [0, 1].map((side) => Array.from({ length }, (_, i) => given[2 * (length - 1 - i) + side] ?? 0));
  const mode = { constant: "constant", reflect: "reflect", replicate: "edge" }[
    String(call.given("mode") ?? "constant")
  ];
  if (mode === undefined) throw call.refuse(`pads in the mode \`${call.given("mode")}\`, which ONNX 17 has not`);
  const inputs = [call.tensor("self"), axes(call, sides.flat())];
  if (mode === "constant") inputs.push(call.operand("value", call.dtype));
  return call.add("Pad", inputs, { mode });
};

const shuffled: Converter = (call) =>
  call.add("DepthToSpace", [call.tensor("self")], { blocksize: call.number("upscale_factor"), mode: "CRD" });

/** [N, C, H r, W r] as [N, C r^2, H, W]. */
const unshuffled: Converter = (call) => {
  const factor = call.number("downscale_factor");
  const [batch, channels, height, width] = call.shapeOf("self") as [Size, number, number, number];
  const { build } = call;
  const sizes = [isGrowing(batch) ? -1 : batch, channels, height / factor, factor, width / factor, factor];
  const apart = call.add("Reshape", [call.tensor("self"), build.sizes(sizes)]);
  const moved = call.add("Transpose", [apart], { perm: [0, 1, 3, 5, 2, 4] });
  return call.add("Reshape", [
    moved,
    build.sizes([sizes[0]!, channels * factor ** 2, height / factor, width / factor]),
  ]);
};

const joined: Converter = (call) => {
  const { length } = call.shape;
  const dimension = call.number("dim");
  const inputs = (call.given("tensors") as readonly never[]).map((each) => {
    const name = call.named(each);
    const { dtype } = each as { dtype?: string; tensor?: { dtype: string } };
    const own = dtype ?? (each as { tensor: { dtype: string } }).tensor.dtype;
    return own === call.dtype ? name : call.build.cast(name, call.dtype);
  });
  return call.add("Concat", inputs, { axis: dimension < 0 ? dimension + length : dimension });
};

const stacked: Converter = (call) => {
  const given = call.number("dim");
  const dimension = given < 0 ? given + call.shape.length : given;
  const wide = call.tensors("tensors").map((each) => call.add("Unsqueeze", [each, axes(call, [dimension])]));
  return call.add("Concat", wide, { axis: dimension });
};

/** Filled with one number, in the shape of the result. */
const filled =
  (value: number | undefined): Converter =>
  (call) => {
    const number = call.build.scalar(value ?? call.number("fill_value"), call.dtype);
    return call.add("Expand", [number, call.build.sizes(call.shape)]);
  };

/** The converters. */
export const shapes: Converters = {
  "aten::view": reshaped,
  "aten::view_as": reshaped,
  "aten::reshape": reshaped,
  "aten::reshape_as": reshaped,
  "aten::flatten.using_ints": reshaped,
  "aten::unflatten.int": reshaped,
  "aten::ravel": reshaped,
  "aten::squeeze": reshaped,
  "aten::squeeze.dim": reshaped,
  "aten::unsqueeze": (call) => {
    const given = call.number("dim");
    return call.add("Unsqueeze", [call.tensor("self"), axes(call, [given < 0 ? given + call.shape.length : given])]);
  },
  "aten::permute": (call) => call.add("Transpose", [call.tensor("self")], { perm: call.dimensions("dims") }),
  "aten::transpose.int": swapped,
  "aten::t": swapped,
  "aten::movedim.intlist": (call) => {
    const [from, to] = [call.dimensions("source"), call.dimensions("destination")];
    const order: number[] = [];
    for (const [i, place] of to.entries()) order[place] = from[i]!;
    const rest = call.shapeOf("self").flatMap((_, i) => (from.includes(i) ? [] : [i]));
    const perm = call.shape.map((_, i) => order[i] ?? rest.shift()!);
    return call.add("Transpose", [call.tensor("self")], { perm });
  },
  "aten::expand": expanded,
  "aten::expand_as": expanded,
  "aten::broadcast_to": expanded,
  "aten::repeat": repeated,
  "aten::tile": repeated,
  "aten::narrow": narrowed,
  "aten::slice.Tensor": sliced,
  "aten::select.int": selected,
  "aten::unbind.int": unbound,
  "aten::split.Tensor": split,
  "aten::split_with_sizes": split,
  "aten::chunk": split,
  "aten::tensor_split.sections": split,
  "aten::tensor_split.indices": split,
  "aten::flip": flipped,
  "aten::constant_pad_nd": padded,
  "aten::pad": padded,
  "aten::pixel_shuffle": shuffled,
  "aten::pixel_unshuffle": unshuffled,
  "aten::cat": joined,
  "aten::stack": stacked,
  "aten::to.dtype_layout": (call) => call.build.cast(call.tensor("self"), call.dtype),
  "aten::clone": (call) => call.add("Identity", [call.tensor("self")]),
  "aten::zeros": filled(0),
  "aten::ones": filled(1),
  "aten::full": filled(undefined),
  "aten::zeros_like": filled(0),
  "aten::ones_like": filled(1),
  "aten::full_like": filled(undefined),
  "aten::eye": (call) => {
    const size = call.build.sizes([sizeArgument(call, "n"), sizeArgument(call, "n")]);
    const square = call.add("Expand", [call.build.scalar(0, call.dtype), size]);
    return call.add("EyeLike", [square]);
  },
};

/** Operators that pick and place elements by index tensors and masks. */
import { type Argument, isValue, sameSize } from "../../trace/index.ts";
import type { Conversion } from "../builder.ts";
import type { Converter, Converters } from "./converter.ts";

/** [..., classes] with a 1 where the number points. */
const oneHot: Converter = (call) => {
  const depth = call.build.numbers([call.shape.at(-1) as number], "int64");
  return call.add("OneHot", [call.tensor("self"), depth, call.build.numbers([0, 1], "int64")], { axis: -1 });
};

/** Entries of one dimension by one tensor of whole numbers. */
const indexed: Converter = (call) => {
  const indices = call.given("indices") as readonly Argument[];
  const places = indices.flatMap((each, i) => (each === null ? [] : [i]));
  const [place] = places;
  const index = place === undefined ? null : indices[place]!;
  const dtype =
    index !== null && isValue(index) ? index.dtype : (index as { tensor?: { dtype: string } } | null)?.tensor?.dtype;
  if (places.length !== 1 || dtype === "bool")
    throw call.refuse("takes several index tensors or a mask, which is not exported");
  return call.add("Gather", [call.tensor("self"), call.named(index!)], { axis: place! });
};

/** One where the mask is true, the other elsewhere. */
const chosen =
  (condition: string, yes: string, no: string): Converter =>
  (call) =>
    call.add("Where", [call.operand(condition, "bool"), call.operand(yes, call.dtype), call.operand(no, call.dtype)]);

const scattered =
  (reduction?: "add"): Converter =>
  (call) => {
    const source = isTensor(call, "src") ? asLargeAsIndex(call) : spread(call);
    return call.add("ScatterElements", [call.tensor("self"), call.tensor("index"), source], {
      axis: call.dimension("dim"),
      ...(reduction === undefined ? {} : { reduction }),
    });
  };

const isTensor = (call: Conversion, name: string): boolean => call.shapeOf(name).length > 0;

/** The entries of `src` that have an index: it may be larger. */
function asLargeAsIndex(call: Conversion): string {
  const [own, wanted] = [call.shapeOf("src"), call.shapeOf("index")];
  if (own.every((size, i) => sameSize(size, wanted[i]!))) return call.tensor("src");
  const { build } = call;
  return call.add("Slice", [
    call.tensor("src"),
    build.numbers(
      own.map(() => 0),
      "int64",
    ),
    build.sizes(wanted),
  ]);
}

/** A number for every index. */
function spread(call: Conversion): string {
  const number = call.operand(call.given("value") === null ? "src" : "value", call.dtype);
  return call.add("Expand", [number, call.build.sizes(call.shapeOf("index"))]);
}

/** The converters. */
export const picks: Converters = {
  "aten::embedding": (call) => call.add("Gather", [call.tensor("weight"), call.tensor("indices")], { axis: 0 }),
  "aten::one_hot": oneHot,
  "aten::index.Tensor": indexed,
  "aten::index_select": (call) =>
    call.add("Gather", [call.tensor("self"), call.tensor("index")], { axis: call.dimension("dim") }),
  "aten::gather": (call) =>
    call.add("GatherElements", [call.tensor("self"), call.tensor("index")], { axis: call.dimension("dim") }),
  "aten::where.self": chosen("condition", "self", "other"),
  "aten::where.ScalarSelf": chosen("condition", "self", "other"),
  "aten::where.ScalarOther": chosen("condition", "self", "other"),
  "aten::where.Scalar": chosen("condition", "self", "other"),
  "aten::masked_fill.Tensor": chosen("mask", "value", "self"),
  "aten::masked_fill.Scalar": chosen("mask", "value", "self"),
  "aten::scatter.src": scattered(),
  "aten::scatter.value": scattered(),
  "aten::scatter_add": scattered("add"),
};

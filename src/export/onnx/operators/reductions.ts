/** Operators that reduce a tensor along dimensions, and products of matrices. */
import { isConstant } from "../../trace/index.ts";
import type { Conversion } from "../builder.ts";
import type { Converter, Converters } from "./converter.ts";

const keepdims = (call: Conversion): number => (call.given("keepdim") === true ? 1 : 0);

/** A reduction whose dimensions are an attribute, which they are for all but the sum. */
const reduced =
  (type: string): Converter =>
  (call) =>
    call.add(type, [call.operand("self", call.dtype)], { axes: call.dimensions("dim"), keepdims: keepdims(call) });

const summed: Converter = (call) => {
  const axes = call.build.numbers(call.dimensions("dim"), "int64");
  return call.add("ReduceSum", [call.operand("self", call.dtype), axes], { keepdims: keepdims(call) });
};

/** The p-norm for p of 1 and 2, and the largest absolute value. */
const norm: Converter = (call) => {
  const order = call.number("ord");
  const self = call.tensor("self");
  const attributes = { axes: call.dimensions("dim"), keepdims: keepdims(call) };
  if (order === 1) return call.add("ReduceL1", [self], attributes);
  if (order === 2) return call.add("ReduceL2", [self], attributes);
  if (order === Number.POSITIVE_INFINITY) return call.add("ReduceMax", [call.add("Abs", [self])], attributes);
  throw call.refuse(`takes the norm of order ${order}, which is not exported; 1, 2 and infinity are`);
};

/** The mean of squared distances from the mean, times n / (n - correction). */
const variance =
  (root: boolean): Converter =>
  (call) => {
    const axes = call.dimensions("dim");
    const sizes = axes.map((axis) => call.shapeOf("self")[axis]!);
    const correction = call.given("correction") === null ? 1 : call.number("correction");
    const self = call.tensor("self");
    const centred = call.add("Sub", [self, call.add("ReduceMean", [self], { axes, keepdims: 1 })]);
    let result = call.add("ReduceMean", [call.add("Mul", [centred, centred])], { axes, keepdims: keepdims(call) });
    if (correction !== 0) {
      if (!sizes.every((size) => typeof size === "number")) throw call.refuse("corrects a variance over the batch");
      const count = (sizes as number[]).reduce((product, size) => product * size, 1);
      result = call.add("Mul", [result, call.build.scalar(count / (count - correction), call.dtype)]);
    }
    return root ? call.add("Sqrt", [result]) : result;
  };

const extremes =
  (type: "ArgMax" | "ArgMin"): Converter =>
  (call) => {
    if (call.given("dim") === null) {
      const flat = call.add("Reshape", [call.tensor("self"), call.build.numbers([-1], "int64")]);
      return call.add(type, [flat], { axis: 0, keepdims: 0 });
    }
    return call.add(type, [call.tensor("self")], { axis: call.dimension("dim"), keepdims: keepdims(call) });
  };

/** Values and places of the largest or smallest along a dimension. */
const extreme =
  (type: "Max" | "Min"): Converter =>
  (call) => [
    call.add(`Reduce${type}`, [call.tensor("self")], { axes: [call.dimension("dim")], keepdims: keepdims(call) }),
    call.add(`Arg${type}`, [call.tensor("self")], { axis: call.dimension("dim"), keepdims: keepdims(call) }),
  ];

const whole =
  (type: string): Converter =>
  (call) =>
    call.add(type, [call.tensor("self")], { keepdims: 0 });

const topk: Converter = (call) => {
  const names = [call.build.fresh("values"), call.build.fresh("indices")];
  const flag = (name: string): number => (call.given(name) === false ? 0 : 1);
  const attributes = { axis: call.dimension("dim"), largest: flag("largest"), sorted: flag("sorted") };
  return call.build.addMany(
    "TopK",
    [call.tensor("self"), call.build.numbers([call.number("k")], "int64")],
    attributes,
    names,
  );
};

const product =
  (first: string, second: string): Converter =>
  (call) =>
    call.add("MatMul", [call.tensor(first), call.tensor(second)]);

/** x W^T + b: one node for a matrix; more dimensions take a transposed weight. */
const linear: Converter = (call) => {
  const bias = call.tensor("bias");
  if (call.shapeOf("input").length === 2 && isConstant(call.given("weight"))) {
    const inputs = [call.tensor("input"), call.tensor("weight"), ...(bias === "" ? [] : [bias])];
    return call.add("Gemm", inputs, { transB: 1 });
  }
  const across = call.add("Transpose", [call.tensor("weight")], { perm: [1, 0] });
  const products = call.add("MatMul", [call.tensor("input"), across]);
  return bias === "" ? products : call.add("Add", [products, bias]);
};

const addmm: Converter = (call) =>
  call.add(
    "Gemm",
    ["mat1", "mat2", "self"].map((name) => call.tensor(name)),
    {
      alpha: { float: call.number("alpha") },
      beta: { float: call.number("beta") },
    },
  );

const baddbmm: Converter = (call) => {
  const scaled = (name: string, x: string): string => {
    const factor = call.number(name);
    return factor === 1 ? x : call.add("Mul", [x, call.build.scalar(factor, call.dtype)]);
  };
  const products = call.add("MatMul", [call.tensor("batch1"), call.tensor("batch2")]);
  return call.add("Add", [scaled("beta", call.tensor("self")), scaled("alpha", products)]);
};

/** |a_i - a_j| summed over the last dimension, for all pairs of rows: [N, B, C] to [N, N, B]. */
const pairwiseL1: Converter = (call) => {
  const at = (axis: number): string =>
    call.add("Unsqueeze", [call.tensor("self"), call.build.numbers([axis], "int64")]);
  const apart = call.add("Abs", [call.add("Sub", [at(1), at(0)])]);
  return call.add("ReduceSum", [apart, call.build.numbers([3], "int64")], { keepdims: 0 });
};

/** The converters. */
export const reductions: Converters = {
  "aten::sum.dim_IntList": summed,
  "aten::mean.dim": reduced("ReduceMean"),
  "aten::prod": whole("ReduceProd"),
  "aten::prod.dim_int": (call) =>
    call.add("ReduceProd", [call.tensor("self")], { axes: [call.dimension("dim")], keepdims: keepdims(call) }),
  "aten::amax": reduced("ReduceMax"),
  "aten::amin": reduced("ReduceMin"),
  "aten::max": whole("ReduceMax"),
  "aten::min": whole("ReduceMin"),
  "aten::max.dim": extreme("Max"),
  "aten::min.dim": extreme("Min"),
  "aten::logsumexp": reduced("ReduceLogSumExp"),
  "aten::linalg_vector_norm": norm,
  "aten::var.correction": variance(false),
  "aten::std.correction": variance(true),
  "aten::argmax": extremes("ArgMax"),
  "aten::argmin": extremes("ArgMin"),
  "aten::topk": topk,
  "aten::cumsum": (call) =>
    call.add("CumSum", [call.operand("self", call.dtype), call.build.scalar(call.dimension("dim"), "int64")]),
  "aten::softmax.int": (call) =>
    call.add("Softmax", [call.operand("self", call.dtype)], { axis: call.dimension("dim") }),
  "aten::log_softmax.int": (call) =>
    call.add("LogSoftmax", [call.operand("self", call.dtype)], { axis: call.dimension("dim") }),
  "aten::linear": linear,
  "aten::addmm": addmm,
  "aten::baddbmm": baddbmm,
  "aten::mm": product("self", "mat2"),
  "aten::bmm": product("self", "mat2"),
  "aten::matmul": product("self", "other"),
  "aten::mv": product("self", "vec"),
  "aten::dot": product("self", "tensor"),
  "aten::outer": (call) => {
    const [a, b] = [call.tensor("self"), call.tensor("vec2")];
    const at = (axis: number, x: string): string => call.add("Unsqueeze", [x, call.build.numbers([axis], "int64")]);
    return call.add("Mul", [at(1, a), at(0, b)]);
  },
  "aten::einsum": (call) => call.add("Einsum", call.tensors("tensors"), { equation: String(call.given("equation")) }),
  "gantry::pairwise_l1": pairwiseL1,
};

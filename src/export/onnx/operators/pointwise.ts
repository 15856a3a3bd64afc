/** Operators that work element by element. */
import type { DType } from "../../../tensor/index.ts";
import type { Conversion } from "../builder.ts";
import type { Converter, Converters } from "./converter.ts";

/** One node of that type with the first argument as its input. */
const one =
  (type: string): Converter =>
  (call) =>
    call.add(type, [first(call)]);

/** The first argument, as floats where the result has them and it has not. */
const first = (call: Conversion): string => call.operand(Object.keys(call.node.arguments)[0]!, call.dtype);

/** One node of two arguments, in the type of the result. */
const two =
  (type: string): Converter =>
  (call) => {
    const [a, b] = Object.keys(call.node.arguments) as [string, string];
    return call.add(type, [call.operand(a, call.dtype), call.operand(b, call.dtype)]);
  };

/** self + or - alpha times other. */
const added =
  (type: "Add" | "Sub", reversed = false): Converter =>
  (call) => {
    const { dtype } = call;
    const alpha = call.number("alpha");
    const other = call.operand("other", dtype);
    const moved = alpha === 1 ? other : call.add("Mul", [other, call.build.scalar(alpha, dtype)]);
    const self = call.operand("self", dtype);
    if (!reversed) return call.add(type, [self, moved]);
    const scaled = alpha === 1 ? self : call.add("Mul", [self, call.build.scalar(alpha, dtype)]);
    return call.add(type, [other, scaled]);
  };

/** A comparison; both sides in the type of the first, or as floats. */
const compared =
  (type: string, not = false): Converter =>
  (call) => {
    const own = call.dtypeOf("self");
    const dtype: DType = own.startsWith("float") || own === "int64" ? own : "float32";
    const asFloat = dtype === "int64" && call.dtypeOf("other").startsWith("float") ? "float32" : dtype;
    const result = call.add(type, [call.operand("self", asFloat), call.operand("other", asFloat)]);
    return not ? call.add("Not", [result]) : result;
  };

/** One node of booleans. */
const logical =
  (type: string): Converter =>
  (call) => {
    const inputs = ["self", "other"].map((name) => call.operand(name, "bool"));
    return call.add(type, inputs);
  };

const number = (call: Conversion, value: number): string => call.build.scalar(value, call.dtype);

/** f(x) made of nodes, with x in the type of the result. */
const made =
  (make: (x: string, call: Conversion, value: (value: number) => string) => string): Converter =>
  (call) =>
    make(first(call), call, (value) => number(call, value));

const power: Converter = (call) =>
  call.add("Pow", [call.operand("self", call.dtype), call.operand("exponent", call.dtype)]);

const clamped: Converter = (call) => {
  const bound = (name: string): string => (call.given(name) === null ? "" : call.operand(name, call.dtype));
  let x = call.operand("self", call.dtype);
  if (bound("min") !== "") x = call.add("Max", [x, bound("min")]);
  return bound("max") === "" ? x : call.add("Min", [x, bound("max")]);
};

const divided: Converter = (call) => {
  const mode = call.given("rounding_mode");
  const inputs = ["self", "other"].map((name) => call.operand(name, call.dtype));
  const quotient = call.add("Div", inputs);
  if (mode === null) return quotient;
  if (!call.dtype.startsWith("float")) throw call.refuse("rounds quotients of whole numbers");
  // Towards zero: the sign times the floor of the absolute value.
  if (mode === "floor") return call.add("Floor", [quotient]);
  return call.add("Mul", [call.add("Sign", [quotient]), call.add("Floor", [call.add("Abs", [quotient])])]);
};

/** x Phi(x): exact by the error function, or the approximation by tanh. */
const gelu: Converter = made((x, call, value) => {
  const half = call.add("Mul", [x, value(0.5)]);
  if (call.given("approximate") === "tanh") {
    const cube = call.add("Mul", [call.add("Pow", [x, value(3)]), value(0.044715)]);
    const inner = call.add("Mul", [call.add("Add", [x, cube]), value(Math.sqrt(2 / Math.PI))]);
    return call.add("Mul", [half, call.add("Add", [call.add("Tanh", [inner]), value(1)])]);
  }
  const error = call.add("Erf", [call.add("Div", [x, value(Math.SQRT2)])]);
  return call.add("Mul", [half, call.add("Add", [error, value(1)])]);
});

/** log(1 + e^(beta x)) / beta, and x itself above the threshold. */
const softplus: Converter = made((x, call, value) => {
  const beta = call.number("beta");
  const scaled = beta === 1 ? x : call.add("Mul", [x, value(beta)]);
  const soft = call.add("Softplus", [scaled]);
  const result = beta === 1 ? soft : call.add("Div", [soft, value(beta)]);
  return call.add("Where", [call.add("Greater", [scaled, value(call.number("threshold"))]), x, result]);
});

const silu = made((x, call) => call.add("Mul", [x, call.add("Sigmoid", [x])]));

/** The converters. */
export const pointwise: Converters = {
  "aten::add.Tensor": added("Add"),
  "aten::add.Scalar": added("Add"),
  "aten::sub.Tensor": added("Sub"),
  "aten::sub.Scalar": added("Sub"),
  "aten::rsub.Tensor": added("Sub", true),
  "aten::rsub.Scalar": added("Sub", true),
  "aten::mul.Tensor": two("Mul"),
  "aten::mul.Scalar": two("Mul"),
  "aten::div.Tensor": divided,
  "aten::div.Scalar": divided,
  "aten::div.Tensor_mode": divided,
  "aten::div.Scalar_mode": divided,
  "aten::pow.Tensor_Tensor": power,
  "aten::pow.Tensor_Scalar": power,
  "aten::pow.Tensor": power,
  "aten::pow.Scalar": power,
  "aten::maximum": two("Max"),
  "aten::minimum": two("Min"),
  "aten::max.other": two("Max"),
  "aten::min.other": two("Min"),
  "aten::clamp": clamped,
  "aten::clamp.Tensor": clamped,
  "aten::hardtanh": (call) =>
    call.add("Clip", [first(call), number(call, call.number("min_val")), number(call, call.number("max_val"))]),
  "aten::relu6": (call) => call.add("Clip", [first(call), number(call, 0), number(call, 6)]),
  "aten::addcmul": (call) => {
    const product = call.add(
      "Mul",
      ["tensor1", "tensor2"].map((name) => call.operand(name, call.dtype)),
    );
    const scaled = call.add("Mul", [product, number(call, call.number("value"))]);
    return call.add("Add", [call.operand("self", call.dtype), scaled]);
  },
  "aten::addcdiv": (call) => {
    const quotient = call.add(
      "Div",
      ["tensor1", "tensor2"].map((name) => call.operand(name, call.dtype)),
    );
    const scaled = call.add("Mul", [quotient, number(call, call.number("value"))]);
    return call.add("Add", [call.operand("self", call.dtype), scaled]);
  },
  "aten::lerp.Scalar": lerp,
  "aten::lerp.Tensor": lerp,
  "aten::neg": one("Neg"),
  "aten::abs": one("Abs"),
  "aten::sign": one("Sign"),
  "aten::sqrt": one("Sqrt"),
  "aten::rsqrt": made((x, call) => call.add("Reciprocal", [call.add("Sqrt", [x])])),
  "aten::reciprocal": one("Reciprocal"),
  "aten::square": made((x, call) => call.add("Mul", [x, x])),
  "aten::exp": one("Exp"),
  "aten::exp2": made((x, call, value) => call.add("Pow", [value(2), x])),
  "aten::expm1": made((x, call, value) => call.add("Sub", [call.add("Exp", [x]), value(1)])),
  "aten::log": one("Log"),
  "aten::log1p": made((x, call, value) => call.add("Log", [call.add("Add", [x, value(1)])])),
  "aten::log2": made((x, call, value) => call.add("Div", [call.add("Log", [x]), value(Math.LN2)])),
  "aten::log10": made((x, call, value) => call.add("Div", [call.add("Log", [x]), value(Math.LN10)])),
  "aten::sin": one("Sin"),
  "aten::cos": one("Cos"),
  "aten::tan": one("Tan"),
  "aten::asin": one("Asin"),
  "aten::acos": one("Acos"),
  "aten::atan": one("Atan"),
  "aten::sinh": one("Sinh"),
  "aten::cosh": one("Cosh"),
  "aten::tanh": one("Tanh"),
  "aten::asinh": one("Asinh"),
  "aten::acosh": one("Acosh"),
  "aten::atanh": one("Atanh"),
  "aten::erf": one("Erf"),
  "aten::floor": one("Floor"),
  "aten::ceil": one("Ceil"),
  "aten::round": one("Round"),
  "aten::trunc": made((x, call) => call.add("Mul", [call.add("Sign", [x]), call.add("Floor", [call.add("Abs", [x])])])),
  "aten::eq.Tensor": compared("Equal"),
  "aten::eq.Scalar": compared("Equal"),
  "aten::ne.Tensor": compared("Equal", true),
  "aten::ne.Scalar": compared("Equal", true),
  "aten::lt.Tensor": compared("Less"),
  "aten::lt.Scalar": compared("Less"),
  "aten::le.Tensor": compared("LessOrEqual"),
  "aten::le.Scalar": compared("LessOrEqual"),
  "aten::gt.Tensor": compared("Greater"),
  "aten::gt.Scalar": compared("Greater"),
  "aten::ge.Tensor": compared("GreaterOrEqual"),
  "aten::ge.Scalar": compared("GreaterOrEqual"),
  "aten::logical_not": (call) => call.add("Not", [call.operand("self", "bool")]),
  "aten::logical_and": logical("And"),
  "aten::logical_or": logical("Or"),
  "aten::logical_xor": logical("Xor"),
  "aten::isnan": (call) => call.add("IsNaN", [call.tensor("self")]),
  "aten::sigmoid": one("Sigmoid"),
  "aten::log_sigmoid": made((x, call) => call.add("Neg", [call.add("Softplus", [call.add("Neg", [x])])])),
  "aten::relu": one("Relu"),
  "aten::leaky_relu": (call) =>
    call.add("LeakyRelu", [first(call)], { alpha: { float: call.number("negative_slope") } }),
  "aten::prelu": (call) => {
    const dimensions = call.shapeOf("self").length;
    const weight = call.tensor("weight");
    const count = call.shapeOf("weight")[0];
    if (count === 1 || dimensions < 3) return call.add("PRelu", [call.tensor("self"), weight]);
    const axes = Array.from({ length: dimensions - 2 }, (_, i) => i + 1);
    const slopes = call.add("Unsqueeze", [weight, call.build.numbers(axes, "int64")]);
    return call.add("PRelu", [call.tensor("self"), slopes]);
  },
  "aten::elu": (call) => call.add("Elu", [first(call)], { alpha: { float: call.number("alpha") } }),
  "aten::celu": (call) => call.add("Celu", [first(call)], { alpha: { float: call.number("alpha") } }),
  "aten::selu": one("Selu"),
  "aten::gelu": gelu,
  "aten::silu": silu,
  "aten::mish": made((x, call) => call.add("Mul", [x, call.add("Tanh", [call.add("Softplus", [x])])])),
  "aten::softplus": softplus,
  "aten::hardsigmoid": (call) =>
    call.add("HardSigmoid", [first(call)], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  "aten::hardswish": one("HardSwish"),
  "aten::threshold": made((x, call, value) =>
    call.add("Where", [call.add("Greater", [x, value(call.number("threshold"))]), x, value(call.number("value"))]),
  ),
  "aten::glu": (call) => {
    const outputs = [call.build.fresh("half"), call.build.fresh("gate")];
    const [half, gate] = call.build.addMany("Split", [call.tensor("self")], { axis: call.dimension("dim") }, outputs);
    return call.add("Mul", [half!, call.add("Sigmoid", [gate!])]);
  },
};

/** self + weight (end - self). */
function lerp(call: Conversion): string {
  const [self, end, weight] = ["self", "end", "weight"].map((name) => call.operand(name, call.dtype)) as [
    string,
    string,
    string,
  ];
  return call.add("Add", [self, call.add("Mul", [weight, call.add("Sub", [end, self])])]);
}

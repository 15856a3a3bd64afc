/** Layers: convolutions, norms, pooling, resampling, attention. */
import { isGrowing } from "../../trace/index.ts";
import type { Conversion } from "../builder.ts";
import type { Converter, Converters } from "./converter.ts";

/** A convolution over that many dimensions. */
const convolved =
  (spatial: number, transposed = false): Converter =>
  (call) => {
    const weight = call.shapeOf("weight") as number[];
    const padding = call.numbers("padding", spatial);
    const attributes = {
      kernel_shape: weight.slice(2),
      strides: call.numbers("stride", spatial),
      pads: [...padding, ...padding],
      dilations: call.numbers("dilation", spatial),
      group: call.number("groups"),
      ...(transposed ? { output_padding: call.numbers("output_padding", spatial) } : {}),
    };
    const inputs = ["input", "weight", "bias"].map((name) => call.tensor(name)).filter((name) => name !== "");
    return call.add(transposed ? "ConvTranspose" : "Conv", inputs, attributes);
  };

/** A tensor argument [features], or that many of one number. */
const perFeature = (call: Conversion, name: string, features: number, otherwise: number): string =>
  call.tensor(name) || call.build.numbers(Array<number>(features).fill(otherwise), "float32");

const batchNorm: Converter = (call) => {
  const shape = call.shapeOf("input");
  const features = shape[1] as number;
  const [scale, bias] = [perFeature(call, "weight", features, 1), perFeature(call, "bias", features, 0)];
  const input = call.tensor("input");
  const eps = call.number("eps");
  if (call.given("training") !== true && call.given("running_mean") !== null) {
    const statistics = [call.tensor("running_mean"), call.tensor("running_var")];
    return call.add("BatchNormalization", [input, scale, bias, ...statistics], { epsilon: { float: eps } });
  }
  if (call.given("running_mean") !== null) throw call.refuse("moves running statistics: the network is in train mode");
  const others = shape.flatMap((_, i) => (i === 1 ? [] : [i]));
  const centred = call.add("Sub", [input, call.add("ReduceMean", [input], { axes: others, keepdims: 1 })]);
  const variance = call.add("ReduceMean", [call.add("Mul", [centred, centred])], { axes: others, keepdims: 1 });
  const spread = call.add("Sqrt", [call.add("Add", [variance, call.build.scalar(eps, call.dtype)])]);
  const axes = call.build.numbers(
    shape.slice(2).map((_, i) => i + 1),
    "int64",
  );
  const wide = (name: string): string => (shape.length === 2 ? name : call.add("Unsqueeze", [name, axes]));
  return call.add("Add", [call.add("Mul", [call.add("Div", [centred, spread]), wide(scale)]), wide(bias)]);
};

const instanceNorm: Converter = (call) => {
  const features = call.shapeOf("input")[1] as number;
  const inputs = [call.tensor("input"), perFeature(call, "weight", features, 1), perFeature(call, "bias", features, 0)];
  return call.add("InstanceNormalization", inputs, { epsilon: { float: call.number("eps") } });
};

/** Groups of channels as the channels of an instance norm; gain and bias come after it. */
const groupNorm: Converter = (call) => {
  const shape = call.shapeOf("input");
  const groups = call.number("num_groups");
  const { build } = call;
  const grouped = call.add("Reshape", [call.tensor("input"), build.numbers([0, groups, -1], "int64")]);
  const plain = call.add(
    "InstanceNormalization",
    [grouped, build.numbers(Array(groups).fill(1), "float32"), build.numbers(Array(groups).fill(0), "float32")],
    { epsilon: { float: call.number("eps") } },
  );
  const sizes = shape.map((size) => (isGrowing(size) ? -1 : size));
  let result = call.add("Reshape", [plain, build.sizes(sizes)]);
  const axes = build.numbers(
    shape.slice(2).map((_, i) => i + 1),
    "int64",
  );
  for (const [name, type] of [
    ["weight", "Mul"],
    ["bias", "Add"],
  ] as const) {
    if (call.given(name) === null) continue;
    const own = call.tensor(name);
    result = call.add(type, [result, shape.length === 2 ? own : call.add("Unsqueeze", [own, axes])]);
  }
  return result;
};

const layerNorm: Converter = (call) => {
  const shape = call.numbers("normalized_shape");
  const filled = (value: number): string => {
    return call.build.numbers(Array(shape.reduce((product, size) => product * size, 1)).fill(value), "float32", shape);
  };
  const inputs = [call.tensor("input"), call.tensor("weight") || filled(1)];
  if (call.given("bias") !== null) inputs.push(call.tensor("bias"));
  return call.add("LayerNormalization", inputs, { axis: -shape.length, epsilon: { float: call.number("eps") } });
};

const pooled =
  (spatial: number, type: "AveragePool" | "MaxPool"): Converter =>
  (call) => {
    const kernel = call.numbers("kernel_size", spatial);
    const given = call.given("stride");
    const stride =
      given === null || (Array.isArray(given) && given.length === 0) ? kernel : call.numbers("stride", spatial);
    const padding = call.numbers("padding", spatial);
    const more = type === "AveragePool" ? { count_include_pad: call.given("count_include_pad") === false ? 0 : 1 } : {};
    if (type === "MaxPool" && call.numbers("dilation", spatial).some((each) => each !== 1)) {
      throw call.refuse("takes a dilation, which is not exported");
    }
    if (call.given("ceil_mode") === true) throw call.refuse("rounds sizes up, which is not exported");
    return call.add(type, [call.tensor("self")], {
      kernel_shape: kernel,
      strides: stride,
      pads: [...padding, ...padding],
      ...more,
    });
  };

/** Windows that lie evenly: as many as the output has places, each of the same size. */
const adaptive =
  (spatial: number): Converter =>
  (call) => {
    const sides = call.shapeOf("self").slice(-spatial) as number[];
    const wanted = call.numbers("output_size", spatial);
    if (wanted.every((size) => size === 1)) return call.add("GlobalAveragePool", [call.tensor("self")]);
    if (sides.some((side, i) => side % wanted[i]! !== 0)) {
      throw call.refuse(`averages windows of different sizes: ${sides.join(" x ")} to ${wanted.join(" x ")}`);
    }
    const window = sides.map((side, i) => side / wanted[i]!);
    return call.add("AveragePool", [call.tensor("self")], { kernel_shape: window, strides: window });
  };

const resized =
  (mode: "nearest" | "linear" | "cubic"): Converter =>
  (call) => {
    const input = call.tensor("input");
    const aligned = call.given("align_corners") === true;
    const places = mode === "nearest" ? "asymmetric" : aligned ? "align_corners" : "half_pixel";
    // Where factors were given, places are computed by them, and not by the sizes that they were rounded to.
    const factors = call.given("scale_factors") === null ? [] : call.numbers("scale_factors");
    const scales = factors.length === 0 ? "" : call.build.numbers([1, 1, ...factors], "float32");
    const inputs = scales === "" ? [input, "", "", call.build.sizes(call.shape)] : [input, "", scales];
    return call.add("Resize", inputs, {
      mode,
      coordinate_transformation_mode: places,
      ...(mode === "nearest" ? { nearest_mode: "floor" } : {}),
      ...(mode === "cubic" ? { cubic_coeff_a: { float: -0.75 } } : {}),
    });
  };

/** softmax(scale query key^T) value */
const attended: Converter = (call) => {
  const { length } = call.shapeOf("key");
  const order = Array.from({ length }, (_, i) => i);
  [order[length - 2], order[length - 1]] = [length - 1, length - 2];
  const scale = call.given("scale") ?? 1 / Math.sqrt(call.shapeOf("query").at(-1) as number);
  const query = call.tensor("query");
  const scaled = scale === 1 ? query : call.add("Mul", [query, call.build.scalar(Number(scale), call.dtype)]);
  const products = call.add("MatMul", [scaled, call.add("Transpose", [call.tensor("key")], { perm: order })]);
  return call.add("MatMul", [call.add("Softmax", [products], { axis: -1 }), call.tensor("value")]);
};

const SAMPLING = ["bilinear", "nearest", "bicubic"];
const OUTSIDE = ["zeros", "border", "reflection"];

/** The converters. */
export const layers: Converters = {
  "aten::conv1d": convolved(1),
  "gantry::conv2d": convolved(2),
  "aten::conv3d": convolved(3),
  "aten::conv_transpose1d": convolved(1, true),
  "gantry::conv_transpose2d": convolved(2, true),
  "aten::conv_transpose3d.input": convolved(3, true),
  "aten::batch_norm": batchNorm,
  "aten::instance_norm": instanceNorm,
  "aten::group_norm": groupNorm,
  "aten::layer_norm": layerNorm,
  "aten::avg_pool1d": pooled(1, "AveragePool"),
  "aten::avg_pool2d": pooled(2, "AveragePool"),
  "aten::max_pool1d": pooled(1, "MaxPool"),
  "aten::max_pool2d": pooled(2, "MaxPool"),
  "aten::adaptive_avg_pool1d": adaptive(1),
  "aten::adaptive_avg_pool2d": adaptive(2),
  "aten::upsample_nearest1d.vec": resized("nearest"),
  "aten::upsample_nearest2d.vec": resized("nearest"),
  "aten::upsample_linear1d.vec": resized("linear"),
  "aten::upsample_bilinear2d.vec": resized("linear"),
  "aten::upsample_bicubic2d.vec": resized("cubic"),
  "gantry::grid_sampler": (call) =>
    call.add("GridSample", [call.tensor("self"), call.tensor("grid")], {
      mode: SAMPLING[call.number("interpolation_mode")]!,
      padding_mode: OUTSIDE[call.number("padding_mode")]!,
      align_corners: call.given("align_corners") === true ? 1 : 0,
    }),
  "gantry::scaled_dot_product_attention": attended,
};

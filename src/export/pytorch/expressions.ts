/** Operators of ATen as expressions of Python: the functions of torch and of torch.nn.functional, where they read better. */
import { type Argument, isConstant, isGrowing, isValue, type Node, refuseOperator, type Size } from "../trace/index.ts";

/** Names of tensors in Python. */
export type Naming = (tensor: Argument) => string;

/** Called as torch.NAME with the schema's order of arguments. */
const OF_TORCH = new Set(
  (
    "add sub rsub mul div remainder pow neg abs sign sqrt rsqrt reciprocal square exp exp2 expm1 log log2 log10 log1p sin cos " +
    "tan asin acos atan sinh cosh tanh asinh acosh atanh erf floor ceil round trunc clamp maximum minimum eq ne lt le gt ge " +
    "logical_not logical_and logical_or logical_xor isnan sigmoid relu prelu celu selu addcmul addcdiv lerp cat stack sum mean " +
    "prod amax amin max min logsumexp var std argmax argmin topk cumsum softmax log_softmax matmul mm bmm mv dot outer addmm " +
    "baddbmm einsum flatten permute transpose t squeeze unsqueeze narrow select unbind split chunk flip roll movedim where " +
    "gather index_select scatter scatter_add masked_fill zeros_like ones_like full_like conv1d conv3d conv_transpose1d " +
    "conv_transpose3d batch_norm instance_norm group_norm layer_norm avg_pool1d max_pool1d max_pool2d adaptive_avg_pool1d " +
    "pixel_shuffle pixel_unshuffle"
  ).split(" "),
);

/** Called as F.NAME with the schema's order of arguments. */
const OF_FUNCTIONAL = new Set(
  "linear leaky_relu elu softplus gelu silu mish hardtanh relu6 hardsigmoid hardswish threshold glu avg_pool2d adaptive_avg_pool2d one_hot".split(
    " ",
  ),
);

/** A node as a Python expression. */
export function expressionOf(node: Node, naming: Naming): string {
  const { operator } = node;
  const own = OWN[operator];
  if (own !== undefined) return own(new PythonCall(node, naming));
  const call = new PythonCall(node, naming);
  const plain = /^aten::(\w+)/.exec(operator)?.[1];
  if (plain === undefined) throw refuseOperator(node, "has no form in PyTorch");
  if (OF_TORCH.has(plain)) return `torch.${plain}(${call.all()})`;
  if (OF_FUNCTIONAL.has(plain)) return `F.${plain}(${call.all()})`;
  const [name, overload = "default"] = operator.replace("aten::", "").split(".");
  return `torch.ops.aten.${name}.${overload}(${call.all()})`;
}

/** The arguments of a node in Python. */
class PythonCall {
  readonly #node: Node;
  readonly #naming: Naming;

  constructor(node: Node, naming: Naming) {
    this.#node = node;
    this.#naming = naming;
  }

  /** The sizes of the first output. */
  get shape(): readonly Size[] {
    return this.#node.outputs[0]!.shape;
  }

  /** The type of the first output. */
  get dtype(): string {
    return `torch.${this.#node.outputs[0]!.dtype}`;
  }

  given(name: string): Argument {
    return this.#node.arguments[name] ?? null;
  }

  /** An argument by its name. */
  text(name: string): string {
    return this.#text(this.given(name));
  }

  /** Sizes as arguments: "N, 64, 8, 8". */
  sizes(sizes: readonly Size[]): string {
    return sizes.map((size) => this.#text(size)).join(", ");
  }

  /** All arguments in the schema's order, without those at the end that have their defaults. */
  all(): string {
    const listed = this.#node.schema.arguments.map((argument) => {
      const given = this.given(argument.name);
      const isDefault = JSON.stringify(given) === JSON.stringify(argument.fallback ?? null);
      return { ...argument, isDefault, text: this.#text(given) };
    });
    const positional = listed.filter(({ keyword }) => !keyword);
    while (positional.at(-1)?.isDefault && positional.at(-1)?.fallback !== undefined) positional.pop();
    const named = listed.filter(({ keyword, isDefault }) => keyword && !isDefault);
    return [...positional.map(({ text }) => text), ...named.map(({ name, text }) => `${name}=${text}`)].join(", ");
  }

  /** Keyword arguments of those that differ from a value. */
  keywords(usual: Readonly<Record<string, unknown>>): string {
    return Object.entries(usual)
      .filter(([name, value]) => JSON.stringify(this.given(name)) !== JSON.stringify(value))
      .map(([name]) => `, ${name}=${this.text(name)}`)
      .join("");
  }

  #text(argument: Argument): string {
    if (argument === null) return "None";
    if (typeof argument === "boolean") return argument ? "True" : "False";
    if (typeof argument === "string")
      return /^(float|int|uint|bfloat|bool)\d*$/.test(argument) ? `torch.${argument}` : JSON.stringify(argument);
    if (typeof argument === "number") return pythonNumber(argument);
    if (isValue(argument) || isConstant(argument)) return this.#naming(argument);
    if (isGrowing(argument)) return growingText(argument);
    return `[${(argument as readonly Argument[]).map((each) => this.#text(each)).join(", ")}]`;
  }
}

function pythonNumber(value: number): string {
  if (Number.isNaN(value)) return 'float("nan")';
  if (!Number.isFinite(value)) return value > 0 ? 'float("inf")' : 'float("-inf")';
  return String(value);
}

function growingText({ batch, plus }: { batch: number; plus: number }): string {
  const times = batch === 1 ? "N" : `${batch} * N`;
  if (plus === 0) return times;
  return plus > 0 ? `${times} + ${plus}` : `${times} - ${-plus}`;
}

type Expression = (call: PythonCall) => string;

const reshaped: Expression = (call) => `${call.text("self")}.reshape(${call.sizes(call.shape)})`;

const convolved =
  (name: string): Expression =>
  (call) => {
    const usual = { stride: 1, padding: 0, output_padding: 0, groups: 1, dilation: 1 };
    const known = name === "conv2d" ? { stride: 1, padding: 0, dilation: 1, groups: 1 } : usual;
    return `F.${name}(${call.text("input")}, ${call.text("weight")}, ${call.text("bias")}${call.keywords(known)})`;
  };

const resized =
  (mode: string, aligns: boolean): Expression =>
  (call) => {
    const factors = call.given("scale_factors");
    const to =
      factors === null ? `size=[${call.sizes(call.shape.slice(2))}]` : `scale_factor=${call.text("scale_factors")}`;
    const aligned = aligns ? `, align_corners=${call.text("align_corners")}` : "";
    return `F.interpolate(${call.text("input")}, ${to}, mode="${mode}"${aligned})`;
  };

const filled =
  (name: string): Expression =>
  (call) =>
    `torch.${name}([${call.sizes(call.shape)}]${name === "full" ? `, ${call.text("fill_value")}` : ""}, dtype=${call.dtype}, device=device)`;

/** A number is not the second of three arguments in Python: alpha goes by its name. */
const withAlpha =
  (name: string): Expression =>
  (call) =>
    `torch.${name}(${call.text("self")}, ${call.text("other")}${call.keywords({ alpha: 1 })})`;

/** Those that are called otherwise than in the schema, or that only Gantry has. */
const OWN: Readonly<Record<string, Expression>> = {
  "gantry::conv2d": convolved("conv2d"),
  "gantry::conv_transpose2d": convolved("conv_transpose2d"),
  "gantry::scaled_dot_product_attention": (call) => {
    const scale = call.given("scale");
    const [query, key, value] = ["query", "key", "value"].map((name) => call.text(name));
    const scaled =
      scale === 1
        ? query
        : scale === null
          ? `${query} * ${query}.shape[-1] ** -0.5`
          : `${query} * ${call.text("scale")}`;
    return `torch.softmax((${scaled}) @ ${key}.transpose(-2, -1), -1) @ ${value}`;
  },
  "gantry::grid_sampler": (call) => `torch.ops.aten.grid_sampler.default(${call.all()})`,
  "gantry::pairwise_l1": (call) => `(${call.text("self")}[:, None] - ${call.text("self")}[None]).abs().sum(-1)`,
  "aten::add.Scalar": withAlpha("add"),
  "aten::sub.Scalar": withAlpha("sub"),
  "aten::rsub.Scalar": withAlpha("rsub"),
  "aten::view": reshaped,
  "aten::view_as": reshaped,
  "aten::reshape": reshaped,
  "aten::reshape_as": reshaped,
  "aten::unflatten.int": reshaped,
  "aten::expand": (call) => `${call.text("self")}.expand(${call.sizes(call.shape)})`,
  "aten::expand_as": (call) => `${call.text("self")}.expand(${call.sizes(call.shape)})`,
  "aten::repeat": (call) => `${call.text("self")}.repeat(${call.text("repeats")})`,
  "aten::to.dtype_layout": (call) => `${call.text("self")}.to(${call.dtype})`,
  "aten::clone": (call) => `${call.text("self")}.clone()`,
  "aten::embedding": (call) => `F.embedding(${call.text("indices")}, ${call.text("weight")})`,
  "aten::linalg_vector_norm": (call) => `torch.linalg.vector_norm(${call.all()})`,
  "aten::upsample_nearest1d.vec": resized("nearest", false),
  "aten::upsample_nearest2d.vec": resized("nearest", false),
  "aten::upsample_linear1d.vec": resized("linear", true),
  "aten::upsample_bilinear2d.vec": resized("bilinear", true),
  "aten::upsample_bicubic2d.vec": resized("bicubic", true),
  "aten::zeros": filled("zeros"),
  "aten::ones": filled("ones"),
  "aten::full": filled("full"),
  "aten::eye": (call) => `torch.eye(${call.text("n")}, dtype=${call.dtype}, device=device)`,
};

/**
 * The vision transformer of DINOv2 (Oquab et al. 2023, "DINOv2: Learning Robust Visual Features without Supervision"; the
 * transformer is that of Dosovitskiy et al. 2021), as the published weights without registers have it: patches of 14 x 14,
 * scaled residual branches (Touvron et al. 2021, LayerScale), exact GELU, layer norms with an epsilon of 1e-6.
 *
 *     image -> patches -> linear, class token in front, + positions -> blocks -> layer norm -> the class token
 *     block: x + g1 attention(norm(x)), then x + g2 mlp(norm(x))
 *
 * FD-DINOv2 (Stein et al. 2023, "Exposing flaws of generative model evaluation metrics") is FID with the class token as
 * features.
 */
import { UserError } from "../base/errors.ts";
import {
  type BuildContext,
  Conv2d,
  createTensor,
  LayerNorm,
  Linear,
  Module,
  ModuleList,
  ones,
  zeros,
} from "../nn/index.ts";
import { scope, Tensor } from "../tensor/index.ts";

/** Side of a patch, in pixels. */
const PATCH = 14;
const EPSILON = 1e-6;
/** Channels of a head of every published size. */
const HEAD = 64;
/** The published code adds this to the number of patches of a side before it interpolates positions. */
const OFFSET = 0.1;
/** PyTorch's bicubic interpolation has Keys' a = -3/4. */
const A = -0.75;

/** The shape of a network. */
export interface VisionTransformerOptions {
  /** Length of a token: 384, 768 or 1,024 of the published sizes S, B and L. */
  readonly width: number;
  /** Blocks: 12, 12 or 24. */
  readonly depth: number;
  /** Heads of attention; default `width` / 64. */
  readonly heads?: number;
  /** Patches along a side of the images that the positions were trained for; default 37, of 518 pixels. */
  readonly grid?: number;
}

class Attention extends Module {
  readonly #heads: number;
  readonly #qkv: Linear;
  readonly #proj: Linear;

  constructor(context: BuildContext, width: number, heads: number) {
    super();
    this.#heads = heads;
    this.#qkv = this.registerModule("qkv", new Linear(context, width, 3 * width));
    this.#proj = this.registerModule("proj", new Linear(context, width, width));
  }

  forward(x: Tensor): Tensor {
    const [batch, tokens, width] = x.shape as [number, number, number];
    const each = this.#qkv.forward(x).view([batch, tokens, 3, this.#heads, width / this.#heads]);
    const [query, key, value] = [0, 1, 2].map((i) => each.select(2, i).transpose(1, 2).contiguous()) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const mixed = query.scaledDotProductAttention(key, value);
    return this.#proj.forward(mixed.transpose(1, 2).reshape([batch, tokens, width]));
  }
}

/** The factors of a residual branch. */
class Scale extends Module {
  constructor(context: BuildContext, width: number) {
    super();
    this.registerParameter("gamma", createTensor(context, [width], ones));
  }

  forward(x: Tensor): Tensor {
    return x.mul(this.parameter("gamma"));
  }
}

class Mlp extends Module {
  readonly #fc1: Linear;
  readonly #fc2: Linear;

  constructor(context: BuildContext, width: number) {
    super();
    this.#fc1 = this.registerModule("fc1", new Linear(context, width, 4 * width));
    this.#fc2 = this.registerModule("fc2", new Linear(context, 4 * width, width));
  }

  forward(x: Tensor): Tensor {
    return this.#fc2.forward(this.#fc1.forward(x).gelu());
  }
}

class Block extends Module {
  readonly #norm1: LayerNorm;
  readonly #attn: Attention;
  readonly #ls1: Scale;
  readonly #norm2: LayerNorm;
  readonly #mlp: Mlp;
  readonly #ls2: Scale;

  constructor(context: BuildContext, width: number, heads: number) {
    super();
    const norm = () => new LayerNorm(context, [width], { eps: EPSILON });
    this.#norm1 = this.registerModule("norm1", norm());
    this.#attn = this.registerModule("attn", new Attention(context, width, heads));
    this.#ls1 = this.registerModule("ls1", new Scale(context, width));
    this.#norm2 = this.registerModule("norm2", norm());
    this.#mlp = this.registerModule("mlp", new Mlp(context, width));
    this.#ls2 = this.registerModule("ls2", new Scale(context, width));
  }

  forward(x: Tensor): Tensor {
    const attended = x.add(this.#ls1.forward(this.#attn.forward(this.#norm1.forward(x))));
    return attended.add(this.#ls2.forward(this.#mlp.forward(this.#norm2.forward(attended))));
  }
}

class PatchEmbedding extends Module {
  readonly #proj: Conv2d;

  constructor(context: BuildContext, width: number) {
    super();
    this.#proj = this.registerModule("proj", new Conv2d(context, 3, width, PATCH, { stride: PATCH }));
  }

  /** [N, 3, H, W] to [N, patches, width], by rows. */
  forward(images: Tensor): Tensor {
    return this.#proj.forward(images).flatten(2).transpose(1, 2);
  }
}

/**
 * DINOv2's network: images [N, 3, S, S], normalised as ImageNet's, S a multiple of 14, to the class token [N, width].
 *
 * State dict: that of the published weights (`dinov2_vits14_pretrain.pth`, `dinov2_vitb14_pretrain.pth`,
 * `dinov2_vitl14_pretrain.pth`), without `mask_token`, which only training needs.
 *
 * @throws UserError for images of another shape.
 *
 * @example
 * const network = new VisionTransformer({ rng: new Generator(0), device: "cpu" }, { width: 768, depth: 12 }).eval();
 * const features = noGrad(() => network.forward(images)); // [N, 3, 224, 224] -> [N, 768]
 */
export class VisionTransformer extends Module {
  readonly width: number;
  readonly #grid: number;
  readonly #patches: PatchEmbedding;
  readonly #blocks: ModuleList<Block>;
  readonly #norm: LayerNorm;

  constructor(context: BuildContext, { width, depth, heads = width / HEAD, grid = 37 }: VisionTransformerOptions) {
    super();
    if (!Number.isInteger(heads) || width % heads !== 0)
      throw new UserError(`visionTransformer: \`width\` (=${width}) must be a multiple of its ${heads} heads`);
    this.width = width;
    this.#grid = grid;
    this.registerParameter("cls_token", createTensor(context, [1, 1, width], zeros));
    this.registerParameter("pos_embed", createTensor(context, [1, 1 + grid * grid, width], zeros));
    this.#patches = this.registerModule("patch_embed", new PatchEmbedding(context, width));
    const blocks = Array.from({ length: depth }, () => new Block(context, width, heads));
    this.#blocks = this.registerModule("blocks", new ModuleList(blocks));
    this.#norm = this.registerModule("norm", new LayerNorm(context, [width], { eps: EPSILON }));
  }

  forward(images: Tensor): Tensor {
    const [count, channels, height, width] = images.shape;
    if (images.ndim !== 4 || channels !== 3 || height !== width || height! % PATCH !== 0) {
      throw new UserError(
        `visionTransformer: images of shape [${images.shape.join(", ")}] must be [N, 3, S, S], S a multiple of ${PATCH}`,
      );
    }
    return scope(() => {
      const patches = this.#patches.forward(images);
      const token = this.parameter("cls_token").expand([count!, 1, this.width]);
      let x = Tensor.cat([token, patches], 1).add(this.#positions(height! / PATCH));
      for (const block of this.#blocks.list) x = block.forward(x);
      return this.#norm.forward(x.select(1, 0));
    });
  }

  /** Positions [1, 1 + side^2, width] for another number of patches: those of the training grid, interpolated. */
  #positions(side: number): Tensor {
    const stored = this.parameter("pos_embed");
    const grid = this.#grid;
    if (side === grid) return stored;
    const maps = stored
      .narrow(1, 1, grid * grid)
      .view([grid, grid, this.width])
      .permute([2, 0, 1])
      .contiguous();
    const matrix = cubicMatrix(grid, side, stored);
    const resized = matrix.matmul(maps).matmul(matrix.transpose(0, 1));
    const rows = resized.permute([1, 2, 0]).reshape([1, side * side, this.width]);
    return Tensor.cat([stored.narrow(1, 0, 1), rows], 1);
  }
}

/**
 * The matrix [to, from] of PyTorch's bicubic interpolation with the scale factor (to + 0.1) / from: output i lies at
 * (i + 1/2) / scale - 1/2, and the four nearest inputs have Keys' cubic weights; beyond the edge the last one is repeated.
 */
function cubicMatrix(from: number, to: number, like: Tensor): Tensor {
  const step = from / (to + OFFSET);
  const matrix = new Float64Array(to * from);
  const near = (t: number) => ((A + 2) * t - (A + 3)) * t * t + 1;
  const far = (t: number) => ((A * t - 5 * A) * t + 8 * A) * t - 4 * A;
  for (let i = 0; i < to; i++) {
    const at = (i + 0.5) * step - 0.5;
    const first = Math.floor(at);
    const t = at - first;
    for (const [offset, weight] of [far(1 + t), near(t), near(1 - t), far(2 - t)].entries()) {
      const x = Math.min(from - 1, Math.max(0, first - 1 + offset));
      matrix[i * from + x]! += weight;
    }
  }
  return Tensor.fromArray(matrix, [to, from]).to({ dtype: like.dtype, device: like.device });
}

/**
 * The shape of the network that a state dict is of.
 * @throws UserError when it is no such state dict.
 */
export function visionTransformerShape(state: ReadonlyMap<string, Tensor>): VisionTransformerOptions {
  const [, , width] = state.get("cls_token")?.shape ?? [];
  const positions = state.get("pos_embed")?.shape[1];
  if (width === undefined || positions === undefined)
    throw new UserError("it lacks `cls_token` or `pos_embed`, and is no vision transformer of DINOv2");
  if (state.has("register_tokens"))
    throw new UserError(
      "it has `register_tokens`: take the weights without registers, which scores are published with",
    );
  const numbers = [...state.keys()].flatMap((name) => /^blocks\.(\d+)\./.exec(name)?.[1] ?? []);
  const depth = new Set(numbers).size;
  const grid = Math.round(Math.sqrt(positions - 1));
  if (grid * grid !== positions - 1 || depth === 0)
    throw new UserError(`it has ${positions} positions and ${depth} blocks, and is no vision transformer of DINOv2`);
  return { width, depth, grid };
}

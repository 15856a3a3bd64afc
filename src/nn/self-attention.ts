/**
 * Self-attention over the positions of feature maps: the non-local block of SAGAN (Zhang et al. 2019, section 3, after
 * Wang et al. 2018), with the sizes of its published code, which BigGAN also has.
 */
import { UserError } from "../base/errors.ts";
import type { Tensor } from "../tensor/index.ts";
import { type BuildContext, createTensor } from "./context.ts";
import { Conv2d } from "./conv.ts";
import { type Initialiser, zeros } from "./init.ts";
import { UnaryModule } from "./module.ts";
import { spectralNorm as normalised } from "./spectral-norm.ts";

/** Options of {@link SelfAttention}. */
export interface SelfAttentionOptions {
  /** Spectral norm on its four convolutions. Default false. */
  spectralNorm?: boolean;
  /** Draws the convolutions' weights. Default PyTorch's. */
  init?: Initialiser;
}

const KEY_FRACTION = 8;
const VALUE_FRACTION = 2;

/**
 * y = x + gain o(v(x) a), where a position i attends to the positions j with the weights a_ij = softmax_j(q(x)_i .
 * k(x)_j).
 *
 * q, k, v and o are convolutions of 1 x 1 without bias: q and k to C / 8 channels, v to C / 2, o back to C. k and v are
 * halved in size by the maximum of 2 x 2 windows, so N = H W positions attend to N / 4. `gain` is one number that
 * begins at 0: the network learns with convolutions first.
 *
 * Modules: `query`, `key`, `value`, `output`. Parameters: `gain` [].
 *
 * @throws UserError unless `channels` is a multiple of 8.
 *
 * @example
 * new SelfAttention(context, 64, { spectralNorm: true }).forward(maps);
 */
export class SelfAttention extends UnaryModule {
  /** The channels must be a multiple of this. */
  static readonly channelStep = KEY_FRACTION;
  readonly channels: number;
  readonly #query: Conv2d;
  readonly #key: Conv2d;
  readonly #value: Conv2d;
  readonly #output: Conv2d;

  constructor(context: BuildContext, channels: number, { spectralNorm = false, init }: SelfAttentionOptions = {}) {
    super();
    if (!Number.isInteger(channels) || channels < 1 || channels % KEY_FRACTION !== 0) {
      throw new UserError(`SelfAttention: \`channels\` (=${channels}) must be a multiple of ${KEY_FRACTION}`);
    }
    this.channels = channels;
    const add = (name: string, from: number, to: number): Conv2d => {
      const conv = new Conv2d(context, from, to, 1, { bias: false, ...(init === undefined ? {} : { init }) });
      return this.registerModule(name, spectralNorm ? normalised(context, conv) : conv);
    };
    this.#query = add("query", channels, channels / KEY_FRACTION);
    this.#key = add("key", channels, channels / KEY_FRACTION);
    this.#value = add("value", channels, channels / VALUE_FRACTION);
    this.#output = add("output", channels / VALUE_FRACTION, channels);
    this.registerParameter("gain", createTensor(context, [], zeros));
  }

  override forward(x: Tensor): Tensor {
    const seen = attend(this.#query.forward(x), halved(this.#key.forward(x)), halved(this.#value.forward(x)));
    return x.add(this.#output.forward(seen).mul(this.parameter("gain")));
  }
}

const halved = (maps: Tensor): Tensor => maps.maxPool2d(2);

/** For each position of `query`: the mean of `value` over all positions, with the softmax of query . key as weights. */
function attend(query: Tensor, key: Tensor, value: Tensor): Tensor {
  // [B, positions, channels]; to flatten height and width, and to restore them, takes a view in both memory formats.
  const [q, k, v] = [query, key, value].map((maps) => maps.flatten(2).transpose(1, 2)) as [Tensor, Tensor, Tensor];
  const [height, width] = query.shape.slice(2) as [number, number];
  return q.scaledDotProductAttention(k, v, 1).transpose(1, 2).unflatten(2, [height, width]);
}

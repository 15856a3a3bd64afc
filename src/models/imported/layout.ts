/** What the readers of other projects' state dicts have in common. */
import type { Descriptor } from "../../base/descriptor.ts";
import { UserError } from "../../base/errors.ts";
import type { Tensor } from "../../tensor/index.ts";
import type { ModelContext } from "../context.ts";
import type { DiscriminatorNetwork, GeneratorNetwork } from "../network.ts";

/** Tensors by name. */
export type State = ReadonlyMap<string, Tensor>;

/** Names of tensors, in the first form of {@link firstForm} and without prefix. */
export interface Names {
  has(name: string): boolean;
}

/** A generator of another project: its part of a recipe, and its weights under Gantry's names. */
export interface ImportedGenerator {
  /** The project, for messages. */
  readonly layout: string;
  readonly generator: Descriptor<"generator", ModelContext, GeneratorNetwork>;
  readonly image: { readonly channels: number; readonly size: number };
  /** Number of classes; 0 for none. */
  readonly classes: number;
  readonly state: State;
}

/** A discriminator of another project, likewise. */
export interface ImportedDiscriminator {
  readonly layout: string;
  readonly discriminator: Descriptor<"discriminator", ModelContext, DiscriminatorNetwork>;
  readonly state: State;
}

/** How a project names the tensors of one network. */
interface Layout {
  readonly name: string;
  /** Tensors, one of which every such network has: they show where in a state dict it begins. */
  readonly anchors: readonly string[];
  /** Whether these are the names of such a network. */
  matches(names: Names): boolean;
}

/** A layout of generators. */
export interface GeneratorLayout extends Layout {
  read(state: State): ImportedGenerator;
}

/** A layout of discriminators. A file does not say the size of the images: it is the generator's. */
export interface DiscriminatorLayout extends Layout {
  read(state: State, size: number): ImportedDiscriminator;
}

/** The tensors of a network of another project. */
export class NetworkState {
  readonly state: State;
  /** For messages: "a generator of torch_mimicry". */
  readonly network: string;

  constructor(network: string, state: State) {
    this.network = network;
    this.state = state;
  }

  has(name: string): boolean {
    return this.state.has(name);
  }

  /** @throws UserError when there is no tensor of that name. */
  get(name: string): Tensor {
    const tensor = this.state.get(name);
    if (tensor === undefined) throw new UserError(`this looks like ${this.network}, but it has no \`${name}\``);
    return tensor;
  }

  /** The weight of a layer, with spectral norm or without. */
  weight(layer: string): Tensor {
    return this.state.get(`${layer}.weight_orig`) ?? this.get(`${layer}.weight`);
  }

  /** How many of `name(0)`, `name(1)`, ... there are before the first that is missing. */
  count(name: (index: number) => string): number {
    let count = 0;
    while (this.state.has(`${name(count)}.weight`) || this.state.has(`${name(count)}.weight_orig`)) count++;
    return count;
  }

  /** @throws UserError unless the channels are the factors of a known architecture times one width; returns the width. */
  widthOf(size: number, channels: readonly number[], factors: readonly number[]): number {
    const width = channels[channels.length - 1]! / factors[factors.length - 1]!;
    if (channels.length === factors.length && factors.every((factor, i) => factor * width === channels[i]))
      return width;
    throw new UserError(
      `this looks like ${this.network} for ${size} pixels, but its channels (${channels.join(", ")}) are not in the proportion ${factors.join(" : ")}`,
    );
  }
}

/**
 * A layer with a spectral norm that keeps the vector u alone and makes a power iteration in each evaluation, without
 * storing it. The vectors that it divides by there are v = W^T u / |W^T u| and W v / |W v|.
 *
 * @param u - The name of the vector: "u0", "sn_u".
 * @param to - Takes the layer's tensors, under the name `ours`.
 */
export function moveIterated(
  network: NetworkState,
  layer: string,
  u: string,
  ours: string,
  to: Map<string, Tensor>,
): void {
  const weight = network.get(`${layer}.weight`);
  const matrix = weight.flatten(1);
  const v = unit(matrix.transpose(0, 1).mv(network.get(`${layer}.${u}`).flatten()));
  to.set(`${ours}.weight_orig`, weight);
  to.set(`${ours}.weight_u`, unit(matrix.mv(v)));
  to.set(`${ours}.weight_v`, v);
  const bias = network.state.get(`${layer}.bias`);
  if (bias !== undefined) to.set(`${ours}.bias`, bias);
}

const unit = (x: Tensor): Tensor => x.div(x.norm().clampMin(1e-12));

/** The layers of self-attention: the name in both projects, and Gantry's. */
export const ATTENTION = { theta: "query", phi: "key", g: "value", o: "output" };

/**
 * Generators of torch_mimicry (Lee and Town 2020): SNGAN, and SSGAN, InfoMax-GAN and WGAN-GP which share its generator;
 * cGAN with projection; SAGAN. They are `resnet` and `sagan` here, with maps doubled by bilinear interpolation.
 *
 *     l1, block2 ... block<n> (b1, c1, b2, c2, c_sc), b<n+1>, c<n+1>, and attn_block (theta, phi, g, o, gamma) in SAGAN
 */
import { UserError } from "../../base/errors.ts";
import type { Tensor } from "../../tensor/index.ts";
import { resnet, resnetFactors } from "../resnet.ts";
import { sagan, saganAttention } from "../sagan.ts";
import { ATTENTION, type GeneratorLayout, NetworkState, type State } from "./layout.ts";

const NAME = "torch_mimicry";
const NETWORK = `a generator of ${NAME}`;
const NORM = { running_mean: "running_mean", running_var: "running_var", num_batches_tracked: "num_batches_tracked" };

/** The layout of torch_mimicry's residual generators. */
export const mimicry: GeneratorLayout = {
  name: NAME,
  anchors: ["block2.c1.weight", "block2.c1.weight_orig"],
  matches: (names) => !["weight", "weight_orig"].some((weight) => names.has(`block1.c1.${weight}`)),
  read(state) {
    const found = new NetworkState(NETWORK, state);
    const blocks = found.count((i) => `block${i + 2}.c1`);
    const channels = [found.weight("block2.c1").shape[1]!];
    for (let i = 0; i < blocks; i++) channels.push(found.weight(`block${i + 2}.c1`).shape[0]!);
    const [outputs, latent] = found.weight("l1").shape as [number, number];
    const size = Math.sqrt(outputs / channels[0]!) * 2 ** blocks;
    const width = found.widthOf(size, channels, resnetFactors(size, NETWORK));
    const classes = state.get("block2.b1.embed.weight")?.shape[0] ?? 0;
    const image = { channels: found.weight(`c${blocks + 2}`).shape[0]!, size };

    const spectralNorm = state.has("l1.weight_orig");
    const attends = state.has("attn_block.gamma");
    if (spectralNorm && !attends) throw new UserError(`${NETWORK} with spectral norm alone is not known`);
    const side = attends ? saganAttention(size) : 0;
    const options = { latent, width, conditional: classes > 0, upsampling: "bilinear" } as const;
    // Without spectral norm, which was divided by before saving, SAGAN's generator is a `resnet` with attention.
    const generator = spectralNorm ? sagan.generator(options) : resnet.generator({ ...options, attention: side });
    return { layout: NAME, generator, image, classes, state: renamed(found, blocks, size, side) };
  },
};

/** The tensors under the names of a `ResnetGenerator`. */
function renamed(network: NetworkState, blocks: number, size: number, attentionSide: number): State {
  const found = new Map<string, Tensor>();
  const move = (from: string, to: string): void => {
    for (const [name, tensor] of network.state) {
      if (name.startsWith(`${from}.`)) found.set(`${to}${name.slice(from.length)}`, tensor);
    }
  };
  move("l1", "trunk.project");
  let stage = 0;
  for (let i = 0; i < blocks; i++) {
    const [from, to] = [`block${i + 2}`, `trunk.stages.${stage++}`];
    for (const [theirs, ours] of Object.entries({ c1: "conv1", c2: "conv2", c_sc: "skip" })) {
      move(`${from}.${theirs}`, `${to}.${ours}`);
    }
    for (const number of [1, 2]) moveNorm(network, found, `${from}.b${number}`, `${to}.norm${number}`);
    if (size / 2 ** (blocks - 1 - i) !== attentionSide) continue;
    const attention = `trunk.stages.${stage++}`;
    for (const [theirs, ours] of Object.entries(ATTENTION)) move(`attn_block.${theirs}`, `${attention}.${ours}`);
    found.set(`${attention}.gain`, network.get("attn_block.gamma"));
  }
  move(`b${blocks + 2}`, "trunk.norm");
  move(`c${blocks + 2}`, "trunk.output");
  return found;
}

/** Batch norm; with classes, one table holds gains and biases, and the gains have no 1 added. */
function moveNorm(network: NetworkState, found: Map<string, Tensor>, from: string, to: string): void {
  const table = network.state.get(`${from}.embed.weight`);
  const [theirs, ours] = table === undefined ? [from, to] : [`${from}.bn`, `${to}.norm`];
  for (const [name, key] of Object.entries(NORM)) {
    const tensor = network.state.get(`${theirs}.${name}`);
    if (tensor !== undefined) found.set(`${ours}.${key}`, tensor);
  }
  if (table === undefined) {
    for (const name of ["weight", "bias"]) found.set(`${to}.${name}`, network.get(`${from}.${name}`));
    return;
  }
  const [gains, biases] = table.split(table.shape[1]! / 2, 1) as [Tensor, Tensor];
  found.set(`${to}.gain.weight`, gains.sub(1));
  found.set(`${to}.bias.weight`, biases);
}

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
import { ATTENTION, countOf, type Layout, type State, tensorOf, widthOf } from "./layout.ts";

const NAME = "torch_mimicry";
const NORM = { running_mean: "running_mean", running_var: "running_var", num_batches_tracked: "num_batches_tracked" };

/** The layout of torch_mimicry's residual generators. */
export const mimicry: Layout = {
  name: NAME,
  matches: (state) => ["weight", "weight_orig"].some((weight) => state.has(`block2.c1.${weight}`)),
  read(state) {
    if (state.has("block1.c1.weight") || state.has("block1.c1.weight_orig")) {
      throw new UserError(
        `this is a discriminator of ${NAME}; give the file of its generator (netG_<steps>_steps.pth)`,
      );
    }
    const spectralNorm = state.has("l1.weight_orig");
    const weight = spectralNorm ? "weight_orig" : "weight";
    const shapeOf = (name: string): number[] => tensorOf(NAME, state, `${name}.${weight}`).shape;
    const blocks = countOf(state, (i) => `block${i + 2}.c1.${weight}`);
    const channels = [shapeOf("block2.c1")[1]!];
    for (let i = 0; i < blocks; i++) channels.push(shapeOf(`block${i + 2}.c1`)[0]!);
    const [outputs, latent] = shapeOf("l1") as [number, number];
    const size = Math.sqrt(outputs / channels[0]!) * 2 ** blocks;
    const width = widthOf(NAME, size, channels, resnetFactors(size, `a generator of ${NAME}`));
    const classes = state.get("block2.b1.embed.weight")?.shape[0] ?? 0;
    const image = { channels: shapeOf(`c${blocks + 2}`)[0]!, size };

    const attends = state.has("attn_block.gamma");
    if (attends !== spectralNorm) {
      throw new UserError(`a generator of ${NAME} with ${attends ? "attention" : "spectral norm"} alone is not known`);
    }
    const options = { latent, width, conditional: classes > 0, upsampling: "bilinear" } as const;
    const generator = attends ? sagan.generator(options) : resnet.generator(options);
    const side = attends ? saganAttention(size) : 0;
    return { layout: NAME, generator, image, classes, state: renamed(state, blocks, size, side) };
  },
};

/** The tensors under the names of a `ResnetGenerator`. */
function renamed(state: State, blocks: number, size: number, attentionSide: number): State {
  const found = new Map<string, Tensor>();
  const move = (from: string, to: string): void => {
    for (const [name, tensor] of state) {
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
    for (const number of [1, 2]) moveNorm(state, found, `${from}.b${number}`, `${to}.norm${number}`);
    if (size / 2 ** (blocks - 1 - i) !== attentionSide) continue;
    const attention = `trunk.stages.${stage++}`;
    for (const [theirs, ours] of Object.entries(ATTENTION)) move(`attn_block.${theirs}`, `${attention}.${ours}`);
    found.set(`${attention}.gain`, tensorOf(NAME, state, "attn_block.gamma"));
  }
  move(`b${blocks + 2}`, "trunk.norm");
  move(`c${blocks + 2}`, "trunk.output");
  return found;
}

/** Batch norm; with classes, one table holds gains and biases, and the gains have no 1 added. */
function moveNorm(state: State, found: Map<string, Tensor>, from: string, to: string): void {
  const table = state.get(`${from}.embed.weight`);
  const [theirs, ours] = table === undefined ? [from, to] : [`${from}.bn`, `${to}.norm`];
  for (const [name, key] of Object.entries(NORM)) {
    const tensor = state.get(`${theirs}.${name}`);
    if (tensor !== undefined) found.set(`${ours}.${key}`, tensor);
  }
  if (table === undefined) {
    for (const name of ["weight", "bias"]) found.set(`${to}.${name}`, tensorOf(NAME, state, `${from}.${name}`));
    return;
  }
  const [gains, biases] = table.split(table.shape[1]! / 2, 1) as [Tensor, Tensor];
  found.set(`${to}.gain.weight`, gains.sub(1));
  found.set(`${to}.bias.weight`, biases);
}

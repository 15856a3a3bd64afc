/**
 * Discriminators of torch_mimicry: SNGAN, cGAN with projection, SAGAN. They are `resnet` and `sagan` here, with skips from
 * the ReLU of a block's input, because that ReLU works in place there.
 *
 *     block1 ... block<n> (c1, c2, c_sc), l<number>, l_y with labels, and attn_block (theta, phi, g, o, gamma) in SAGAN
 *
 * Some of its layers have PyTorch's spectral norm, others one of its own, which keeps `sn_u` and makes a power iteration
 * in every pass. Without spectral norm, WGAN-GP's mean over positions and the sum of its "DCGAN" have the same names, so
 * neither is read. SSGAN and InfoMax-GAN have further outputs, and are not read either.
 */
import { UserError } from "../../base/errors.ts";
import type { Tensor } from "../../tensor/index.ts";
import { resnet } from "../resnet.ts";
import { sagan } from "../sagan.ts";
import { ATTENTION, type DiscriminatorLayout, moveIterated, NetworkState } from "./layout.ts";
import { discriminatorLayers } from "./residual-discriminator.ts";

const NAME = "torch_mimicry";
const NETWORK = `a discriminator of ${NAME}`;
/** The block that SAGAN's attention comes after, counted from 0. */
const ATTENDING = 1;

/** The layout of torch_mimicry's residual discriminators. */
export const mimicryDiscriminator: DiscriminatorLayout = {
  name: NAME,
  anchors: ["block1.c1.weight", "block1.c1.weight_orig"],
  matches: (names) => !names.has("l1.weight") && !names.has("l1.weight_orig"),
  read(state, size) {
    const network = new NetworkState(NETWORK, state);
    const blocks = network.count((i) => `block${i + 1}.c1`);
    const width = network.weight("block1.c1").shape[0]!;
    const labelled = state.has("l_y.weight") || state.has("l_y.weight_orig");
    const conditional = labelled && !state.has("l_y.bias");
    const attends = state.has("attn_block.gamma");
    if (!state.has("block1.c1.weight_orig"))
      throw new UserError(
        `${NETWORK} without spectral norm is not read: the file does not say if it takes a mean or a sum`,
      );
    const options = { width, conditional, activatedSkip: true, attention: attends ? size / 2 ** (ATTENDING + 1) : 0 };
    const discriminator = attends ? sagan.discriminator(options) : resnet.discriminator(options);

    const { layers, attention } = discriminatorLayers({
      blocks,
      down: size === 32 ? 2 : size === 48 ? 4 : 5,
      branch: (i) => [`block${i + 1}.c1`, `block${i + 1}.c2`],
      skip: (i) => `block${i + 1}.c_sc`,
      attention: attends ? ATTENDING : undefined,
    });
    const names = new Map(layers);
    for (const name of state.keys()) {
      const linear = /^l\d+(?=\.)/.exec(name)?.[0];
      if (linear !== undefined) names.set(linear, "head.linear");
    }
    if (conditional) names.set("l_y", "head.embedding");
    for (const [theirs, ours] of Object.entries(ATTENTION))
      if (attention !== undefined) names.set(`attn_block.${theirs}`, `${attention}.${ours}`);

    const found = new Map<string, Tensor>();
    for (const [name, tensor] of state) {
      const at = name.lastIndexOf(".");
      const layer = name.slice(0, at);
      const ours = names.get(layer);
      if (name === "attn_block.gamma") found.set(`${attention}.gain`, tensor);
      else if (ours === undefined) throw new UserError(`${NETWORK} with further outputs (\`${name}\`) is not read`);
      else if (state.has(`${layer}.sn_u`)) moveIterated(network, layer, "sn_u", ours, found);
      else found.set(`${ours}${name.slice(at)}`, tensor);
    }
    return { layout: NAME, discriminator, state: found };
  },
};

/**
 * Discriminators of BigGAN-PyTorch.
 *
 *     blocks.<i>.0 (conv1, conv2, conv_sc), blocks.<i>.1 (theta, phi, g, o, gamma), linear, embed
 */
import { UserError } from "../../base/errors.ts";
import type { Tensor } from "../../tensor/index.ts";
import { biggan } from "../biggan.ts";
import { ATTENTION, type DiscriminatorLayout, moveIterated, NetworkState } from "./layout.ts";
import { discriminatorLayers } from "./residual-discriminator.ts";

const NAME = "BigGAN-PyTorch";
const NETWORK = `a discriminator of ${NAME}`;

/** The layout of BigGAN-PyTorch's discriminators. */
export const bigganPytorchDiscriminator: DiscriminatorLayout = {
  name: NAME,
  anchors: ["blocks.0.0.conv1.weight"],
  matches: (names) => names.has("embed.weight") && !names.has("output_layer.2.weight"),
  read(state, size) {
    const network = new NetworkState(NETWORK, state);
    const blocks = network.count((i) => `blocks.${i}.0.conv1`);
    if (state.has("blocks.0.0.conv3.weight")) throw new UserError(`BigGAN-deep of ${NAME} is not read, only BigGAN`);
    const first = network.weight("blocks.0.0.conv1").shape[0]!;
    const attends = Array.from({ length: blocks }, (_, i) => i).filter((i) => state.has(`blocks.${i}.1.theta.weight`));
    if (attends.length > 1) throw new UserError(`${NETWORK} with attention at ${attends.length} sizes is not read`);
    const at = attends[0];
    const discriminator = biggan.discriminator({
      width: size === 32 ? first / 4 : first,
      attention: at === undefined ? 0 : size / 2 ** (at + 1),
    });

    const { layers, attention } = discriminatorLayers({
      blocks,
      down: size === 32 ? 2 : blocks - 1,
      branch: (i) => [`blocks.${i}.0.conv1`, `blocks.${i}.0.conv2`],
      skip: (i) => `blocks.${i}.0.conv_sc`,
      attention: at,
    });
    const names = new Map(layers).set("linear", "head.linear").set("embed", "head.embedding");
    const found = new Map<string, Tensor>();
    if (attention !== undefined) {
      for (const [theirs, ours] of Object.entries(ATTENTION))
        names.set(`blocks.${at}.1.${theirs}`, `${attention}.${ours}`);
      found.set(`${attention}.gain`, network.get(`blocks.${at}.1.gamma`));
    }
    for (const [theirs, ours] of names) {
      // A skip that is the identity has none.
      if (state.has(`${theirs}.weight`)) moveIterated(network, theirs, "u0", ours, found);
    }
    return { layout: NAME, discriminator, state: found };
  },
};

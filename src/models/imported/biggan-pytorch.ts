/**
 * Generators of BigGAN-PyTorch (the PyTorch code that BigGAN's first author published): BigGAN with a shared embedding.
 *
 *     shared, linear, blocks.<i>.0 (bn1, conv1, bn2, conv2, conv_sc), blocks.<i>.1 (theta, phi, g, o, gamma), output_layer
 *
 * Its spectral norm stores one vector u0 and makes a power iteration in every pass, in evaluation mode as well, without
 * storing the result: the vectors that it computes with there are the ones that are stored here.
 */
import { UserError } from "../../base/errors.ts";
import { Tensor } from "../../tensor/index.ts";
import { biggan, bigganFactors } from "../biggan.ts";
import { countOf, type Layout, type State, tensorOf, widthOf } from "./layout.ts";

const NAME = "BigGAN-PyTorch";
const FIRST_SIZE = 4;
const ATTENTION = { theta: "query", phi: "key", g: "value", o: "output" };

/** The layout of BigGAN-PyTorch's generators. */
export const bigganPytorch: Layout = {
  name: NAME,
  matches: (state) => state.has("blocks.0.0.conv1.weight"),
  read(state) {
    if (!state.has("output_layer.2.weight")) {
      throw new UserError(`this is no generator of ${NAME}: give G.pth or G_ema.pth, not the discriminator's file`);
    }
    if (state.has("blocks.0.0.conv3.weight")) throw new UserError(`BigGAN-deep of ${NAME} is not read, only BigGAN`);
    for (const name of ["shared.weight", "linear.u0", "blocks.0.0.bn1.gain.u0"]) {
      if (!state.has(name)) {
        throw new UserError(
          `a generator of ${NAME} without \`${name}\` is not read: it needs a shared embedding (--shared) and spectral norm`,
        );
      }
    }
    const shapeOf = (name: string): number[] => tensorOf(NAME, state, `${name}.weight`).shape;
    const blocks = countOf(state, (i) => `blocks.${i}.0.conv1.weight`);
    const channels = [shapeOf("blocks.0.0.conv1")[1]!];
    for (let i = 0; i < blocks; i++) channels.push(shapeOf(`blocks.${i}.0.conv1`)[0]!);
    const size = FIRST_SIZE * 2 ** blocks;
    const width = widthOf(NAME, size, channels, bigganFactors(size, `a generator of ${NAME}`));
    const [classes, shared] = shapeOf("shared") as [number, number];
    const part = shapeOf("blocks.0.0.bn1.gain")[1]! - shared;
    const first = shapeOf("linear")[1]!;
    const attends = Array.from({ length: blocks }, (_, i) => i).filter((i) => state.has(`blocks.${i}.1.theta.weight`));
    if (attends.length > 1)
      throw new UserError(`a generator of ${NAME} with attention at ${attends.length} sizes is not read`);
    const at = attends[0];
    const generator = biggan.generator({
      latent: part > 0 ? part * (blocks + 1) : first,
      hierarchical: part > 0,
      width,
      shared,
      attention: at === undefined ? 0 : FIRST_SIZE * 2 ** (at + 1),
      attentionNorm: at === undefined || state.has(`blocks.${at}.1.theta.u0`),
    });
    const image = { channels: shapeOf("output_layer.2")[0]!, size };
    return { layout: NAME, generator, image, classes, state: renamed(state, blocks) };
  },
};

/** The tensors under the names of a `BigganGenerator`. */
function renamed(state: State, blocks: number): State {
  const found = new Map<string, Tensor>();
  const get = (name: string): Tensor => tensorOf(NAME, state, name);
  const layer = (from: string, to: string): void => {
    const [weight, bias, u] = [get(`${from}.weight`), state.get(`${from}.bias`), state.get(`${from}.u0`)];
    if (u === undefined) found.set(`${to}.weight`, weight);
    else {
      const matrix = weight.flatten(1);
      const v = unit(matrix.transpose(0, 1).mv(u.flatten()));
      found.set(`${to}.weight_orig`, weight);
      found.set(`${to}.weight_u`, unit(matrix.mv(v)));
      found.set(`${to}.weight_v`, v);
    }
    if (bias !== undefined) found.set(`${to}.bias`, bias);
  };
  const statistics = (from: string, to: string): void => {
    for (const [ours, ...theirs] of STATISTICS) {
      const name = theirs.map((key) => `${from}.${key}`).find((key) => state.has(key));
      found.set(`${to}.${ours}`, get(name ?? `${from}.${theirs[0]}`));
    }
    found.set(`${to}.num_batches_tracked`, Tensor.zeros([], { dtype: "int64" }));
  };

  found.set("embedding.weight", get("shared.weight"));
  layer("linear", "trunk.project");
  let stage = 0;
  for (let i = 0; i < blocks; i++) {
    const [from, to] = [`blocks.${i}.0`, `trunk.stages.${stage++}`];
    for (const number of [1, 2]) {
      layer(`${from}.conv${number}`, `${to}.conv${number}`);
      statistics(`${from}.bn${number}`, `${to}.norm${number}.norm`);
      for (const part of ["gain", "bias"]) layer(`${from}.bn${number}.${part}`, `${to}.norm${number}.${part}`);
    }
    layer(`${from}.conv_sc`, `${to}.skip`);
    if (!state.has(`blocks.${i}.1.gamma`)) continue;
    const attention = `trunk.stages.${stage++}`;
    for (const [theirs, ours] of Object.entries(ATTENTION)) layer(`blocks.${i}.1.${theirs}`, `${attention}.${ours}`);
    found.set(`${attention}.gain`, get(`blocks.${i}.1.gamma`));
  }
  statistics("output_layer.0", "trunk.norm");
  found.set("trunk.norm.weight", get("output_layer.0.gain"));
  found.set("trunk.norm.bias", get("output_layer.0.bias"));
  layer("output_layer.2", "trunk.output");
  return found;
}

/** Our names of the running statistics, and theirs: of its own batch norm, or of one that spans replicas. */
const STATISTICS = [
  ["running_mean", "stored_mean", "bn.stored_mean", "bn.running_mean"],
  ["running_var", "stored_var", "bn.stored_var", "bn.running_var"],
] as const;

const unit = (x: Tensor): Tensor => x.div(x.norm().clampMin(1e-12));

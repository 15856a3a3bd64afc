/**
 * Generators of BigGAN-PyTorch (the PyTorch code that BigGAN's first author published): BigGAN, and not BigGAN-deep.
 *
 *     shared, linear, blocks.<i>.0 (bn1, conv1, bn2, conv2, conv_sc), blocks.<i>.1 (theta, phi, g, o, gamma), output_layer
 *
 * Its spectral norm stores one vector u0 and makes a power iteration in every pass, in evaluation mode as well, without
 * storing the result: the vectors that it computes with there are the ones that are stored here. Without a shared
 * embedding (no --G_shared, as in its script for CIFAR-10) a norm's `gain` and `bias` are tables of the classes, which
 * have no u0.
 *
 * Its norm across replicas (--cross_replica) multiplies by the gain where it trains on several devices, and adds the
 * gain everywhere else, also in evaluation mode. A file does not say how it was trained, so no such file is read.
 */
import { UserError } from "../../base/errors.ts";
import { Tensor } from "../../tensor/index.ts";
import { biggan, bigganFactors } from "../biggan.ts";
import { ATTENTION, type GeneratorLayout, moveIterated, NetworkState, type State } from "./layout.ts";

const NAME = "BigGAN-PyTorch";
const NETWORK = `a generator of ${NAME}`;
const FIRST_SIZE = 4;

/** The layout of BigGAN-PyTorch's generators. */
export const bigganPytorch: GeneratorLayout = {
  name: NAME,
  anchors: ["blocks.0.0.conv1.weight"],
  matches: (names) => names.has("output_layer.2.weight"),
  read(state) {
    const found = new NetworkState(NETWORK, state);
    if (state.has("blocks.0.0.conv3.weight")) throw new UserError(`BigGAN-deep of ${NAME} is not read, only BigGAN`);
    if (!state.has("linear.u0")) {
      throw new UserError(`${NETWORK} without spectral norm is not read: it has no \`linear.u0\``);
    }
    if (state.has("output_layer.0.bn.running_mean")) {
      throw new UserError(
        `${NETWORK} with --cross_replica is not read: its norms multiply by gains in training on several devices and add them elsewhere, and the file does not say which it learnt`,
      );
    }
    const blocks = found.count((i) => `blocks.${i}.0.conv1`);
    const channels = [found.weight("blocks.0.0.conv1").shape[1]!];
    for (let i = 0; i < blocks; i++) channels.push(found.weight(`blocks.${i}.0.conv1`).shape[0]!);
    const size = FIRST_SIZE * 2 ** blocks;
    const width = found.widthOf(size, channels, bigganFactors(size, NETWORK));
    const [conditions, inputs] = found.weight("blocks.0.0.bn1.gain").shape as [number, number];
    const sharing = state.has("shared.weight");
    const [classes, shared] = sharing ? (found.weight("shared").shape as [number, number]) : [conditions, 0];
    const part = sharing ? inputs - shared : 0;
    const first = found.weight("linear").shape[1]!;
    const attends = Array.from({ length: blocks }, (_, i) => i).filter((i) => state.has(`blocks.${i}.1.theta.weight`));
    if (attends.length > 1) throw new UserError(`${NETWORK} with attention at ${attends.length} sizes is not read`);
    const at = attends[0];
    const generator = biggan.generator({
      latent: part > 0 ? part * (blocks + 1) : first,
      hierarchical: part > 0,
      width,
      shared,
      attention: at === undefined ? 0 : FIRST_SIZE * 2 ** (at + 1),
    });
    const image = { channels: found.weight("output_layer.2").shape[0]!, size };
    return { layout: NAME, generator, image, classes, state: renamed(found, blocks) };
  },
};

/** The tensors under the names of a `BigganGenerator`. */
function renamed(network: NetworkState, blocks: number): State {
  const { state } = network;
  const found = new Map<string, Tensor>();
  const get = (name: string): Tensor => network.get(name);
  const layer = (from: string, to: string): void => moveIterated(network, from, "u0", to, found);
  const shared = state.has("shared.weight");
  const condition = (from: string, to: string): void => {
    if (shared) layer(from, to);
    else found.set(`${to}.weight`, get(`${from}.weight`));
  };
  const statistics = (from: string, to: string): void => {
    const counter = state.get(`${from}.bn.accumulation_counter`)?.item();
    const own = counter === undefined ? from : `${from}.bn`;
    for (const name of ["mean", "var"]) {
      const values = get(`${own}.stored_${name}`);
      found.set(`${to}.running_${name}`, counter ? values.div(passes(counter)) : values);
    }
    found.set(`${to}.num_batches_tracked`, Tensor.zeros([], { dtype: "int64" }));
  };

  if (shared) found.set("embedding.weight", get("shared.weight"));
  layer("linear", "trunk.project");
  let stage = 0;
  for (let i = 0; i < blocks; i++) {
    const [from, to] = [`blocks.${i}.0`, `trunk.stages.${stage++}`];
    for (const number of [1, 2]) {
      layer(`${from}.conv${number}`, `${to}.conv${number}`);
      statistics(`${from}.bn${number}`, `${to}.norm${number}.norm`);
      for (const part of ["gain", "bias"]) condition(`${from}.bn${number}.${part}`, `${to}.norm${number}.${part}`);
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

/**
 * The number of passes in the statistics of --mybn, once --accumulate_stats has made standing statistics of them.
 *
 * Weight averaging averages the sums and the counter as well, over several steps. Then the counter is no whole number.
 */
function passes(counter: number): number {
  if (Number.isInteger(counter)) return counter;
  throw new UserError(
    `${NETWORK} whose standing statistics were averaged with others (\`accumulation_counter\` ${counter}) is not read: give G.pth, or a G_ema_best file, which is written right after they are made`,
  );
}

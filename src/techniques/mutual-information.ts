/**
 * MINE in G's objective (Belghazi et al. 2018, "Mutual Information Neural Estimation", arXiv 1801.04062, section 5.1): G also
 * maximises the information between its samples and a part of z, against mode collapse.
 */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { prefixed, unprefixed } from "../base/prefixed.ts";
import { donskerVaradhan, informationObjective, MovingDenominator } from "../losses/index.ts";
import { StatisticsNetwork } from "../models/index.ts";
import { Adam } from "../optim/index.ts";
import { grad, noGrad, Tensor } from "../tensor/index.ts";
import { decay, notNegative, positive, whole } from "./options.ts";
import { prepared } from "./prepared.ts";
import { defineTechnique } from "./technique.ts";

const options = z.strictObject({
  beta: notNegative.default(1),
  code: whole(1).optional(),
  lr: positive.default(1e-3),
  decay: decay.default(0.99),
  hidden: z.array(whole(1)).min(1, "must name at least one width").default([128, 128]),
  width: whole(1).default(16),
});

/**
 * With z = [c, e], G maximises its objective plus beta I(G([c, e]); c). A statistics network T estimates the information by the
 * Donsker-Varadhan bound. T makes one step of Adam after each update of G, along the gradient in which a moving average corrects
 * the bound's denominator. G's gradient is clipped adaptively, so that the information never outweighs the rest: with g_u the
 * gradient of everything else and g_m that of -beta I, each over all weights,
 *
 *     g = g_u + min(|g_u|, |g_m|) g_m / |g_m|
 *
 * - `beta` (default 1): weight of the information in nats; 0 is the ordinary update, to the bit. Where g_m is clipped, a larger
 *   beta changes nothing.
 * - `code` (default: half of z, rounded up): length of c, the first entries of z.
 * - `lr` (default 1e-3): learning rate of T. Its Adam has betas 0.9 and 0.999.
 * - `decay` (default 0.99): of the moving average, from 0 to below 1.
 * - `hidden` (default [128, 128]): widths of T's ReLU layers on c and the sample, or the features of an image.
 * - `width` (default 16): channels of T's first convolution, for images.
 *
 * The paper gives the formulas; the defaults are not its own. T sees samples before augmentation, and all rows, whatever other
 * techniques select. Independent pairs are each sample with the c of the next row. Penalties on G are part of g_u, and so is what
 * earlier techniques of the recipe make of the gradients.
 *
 * The log has `information`, the bound on the batch in nats before T's step (at most about log B can be believed), and
 * `informationClip`, the factor of g_m.
 *
 * @throws UserError for an option out of range, a `code` longer than z, and a batch of 1.
 *
 * @example
 * techniques: [mine({ beta: 0.5, code: 32 })]
 */
export const mine = defineTechnique("mine", options, (o, context) => {
  if (o.beta === 0) return { name: "mine", graph: {} };
  const denominator = new MovingDenominator(o.decay);
  let code = 0;
  let made: { readonly network: StatisticsNetwork; readonly optimizer: Adam } | undefined;
  const statistics = () => prepared(made, "mine");
  let informationGradients: readonly (Tensor | null)[] = [];
  let [information, clip] = [Number.NaN, Number.NaN];
  return {
    name: "mine",
    graph: {
      refused: "norms of gradients and the moving average of its denominator are read from the device in each step",
    },
    prepare({ generator: { latent } }) {
      if (context.batchSize < 2) throw new UserError("mine: independent pairs need a batch of at least 2 samples");
      code = o.code ?? Math.ceil(latent / 2);
      if (code > latent) throw new UserError(`mine: \`code\` (=${code}) must be at most the length of z, ${latent}`);
      const { image, rng, device } = context;
      const network = new StatisticsNetwork({ rng, device }, { x: image, y: code, hidden: o.hidden, width: o.width });
      const adam = { lr: o.lr, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 } as const;
      made = { network, optimizer: new Adam(network.parameters(), adam) };
    },
    generatorPenalty({ rawFake, latents, gradientsOf }) {
      const { joint, marginal } = statistics().network.pairs(rawFake, latents.narrow(1, 0, code));
      const objective = informationObjective(joint, marginal, denominator.with(marginal)).mul(-o.beta);
      informationGradients = gradientsOf(objective);
      return undefined;
    },
    gradients(player, gradients) {
      if (player === "discriminator") return gradients;
      const clipped = clippedTo(gradients, informationGradients);
      informationGradients = [];
      clip = clipped.factor;
      return clipped.sum;
    },
    extraUpdate({ rawFake, latents }) {
      const { network, optimizer } = statistics();
      const { joint, marginal } = network.pairs(rawFake.detach(), latents.narrow(1, 0, code));
      information = donskerVaradhan(joint, marginal);
      // An overflow of float16 in G, whose update is skipped, would stay in the network.
      if (!Number.isFinite(information)) return;
      const objective = informationObjective(joint, marginal, denominator.observe(marginal));
      optimizer.step(grad(objective.neg(), network.parameters()));
    },
    report: () => ({ information, informationClip: clip }),
    state() {
      const { network, optimizer } = statistics();
      const tensors = [...prefixed("network.", network.stateDict()), ...prefixed("optimizer.", optimizer.state())];
      return { tensors: new Map(tensors), numbers: { ...denominator.numbers(), ...optimizer.scalars() } };
    },
    load({ tensors, numbers }) {
      const { network, optimizer } = statistics();
      network.loadStateDict(unprefixed("network.", tensors));
      optimizer.load(unprefixed("optimizer.", tensors), numbers);
      denominator.load(numbers);
    },
  };
});

/**
 * g_u + min(|g_u|, |g_m|) g_m / |g_m| with norms over all tensors together, and the factor of g_m. A null counts as zeros.
 *
 * @example
 * clippedTo([Tensor.fromArray([3, 4])], [Tensor.fromArray([0, 10])]); // sum [3, 9], factor 0.5
 */
export function clippedTo(
  own: readonly Tensor[],
  added: readonly (Tensor | null)[],
): { readonly sum: readonly Tensor[]; readonly factor: number } {
  return noGrad(() => {
    const [limit, length] = [normOf(own), normOf(added.filter((tensor) => tensor !== null))];
    const factor = length > limit ? limit / length : 1;
    const sum = own.map((gradient, i) => {
      const more = added[i];
      return more == null ? gradient : gradient.add(more.mul(factor));
    });
    return { sum, factor };
  });
}

function normOf(tensors: readonly Tensor[]): number {
  return tensors.length === 0
    ? 0
    : Tensor.stack(tensors.map((tensor) => tensor.norm()))
        .norm()
        .item();
}

/**
 * D's main pass of an update: D(x) and D(G(z)), with the graph that leads to D's weights. Gradient penalties that look
 * at these very images take the gradients of the scores from the same graph.
 */
import type { DiscriminatorNetwork, DiscriminatorOutput } from "../../models/index.ts";
import { frozenStatistics } from "../../nn/index.ts";
import { enableGrad, grad, isGradEnabled, Tensor } from "../../tensor/index.ts";
import type { PassValues } from "./batch-graph.ts";
import { mapOutput } from "./discriminator-output.ts";

/** Images [B, ...] as D sees them, and their labels. */
interface Images {
  readonly images: Tensor;
  readonly labels: Tensor | undefined;
}

/**
 * D(x) and D(G(z)); and the wanted ones of dD(x)/dx and dD(G(z))/dG(z), differentiable with respect to D's weights. They
 * are gradients of the scores' sum: each sample's own, unless D couples samples.
 *
 * One pass over both where samples do not influence each other: less work for the same numbers. Two where they do, as
 * batch norm in D needs (Radford et al. 2016): then the pass over x updates D's statistics. Two as well where the
 * gradient at one of both is wanted, so that it is computed at this one only.
 *
 * @param wanted - In the order of the returned gradients. Both come from one backward pass.
 * @param lossScale - The scores are multiplied by it for the backward pass, and the gradients divided.
 */
export function discriminateBoth(
  discriminator: Pick<DiscriminatorNetwork, "forward" | "modules">,
  real: Images,
  fake: Images,
  wanted: readonly ("real" | "fake")[],
  lossScale = 1,
): PassValues {
  if (wanted.length === 0) return { outputs: outputsOf(discriminator, real, fake, false) };
  const recorded = isGradEnabled();
  return enableGrad(() => {
    const leaves = { real, fake };
    for (const of of wanted) leaves[of] = { ...leaves[of], images: leaves[of].images.detach().requiresGrad_(true) };
    const outputs = outputsOf(discriminator, leaves.real, leaves.fake, wanted.length === 1);
    const [realOutput, fakeOutput] = outputs;
    const score = { real: realOutput!.score, fake: fakeOutput!.score };
    const inputGradients = grad(
      wanted.map((of) => (lossScale === 1 ? score[of].sum() : score[of].sum().mul(lossScale))),
      wanted.map((of) => leaves[of].images),
      { createGraph: recorded, retainGraph: recorded },
    );
    return { outputs, inputGradients: lossScale === 1 ? inputGradients : inputGradients.map((g) => g.div(lossScale)) };
  });
}

function outputsOf(
  discriminator: Pick<DiscriminatorNetwork, "forward" | "modules">,
  real: Images,
  fake: Images,
  apart: boolean,
): DiscriminatorOutput[] {
  if (apart || discriminator.modules().some((module) => module.couplesSamples)) {
    const realOutput = discriminator.forward(real.images, real.labels);
    return [realOutput, frozenStatistics(() => discriminator.forward(fake.images, fake.labels))];
  }
  const labels = real.labels && fake.labels ? Tensor.cat([real.labels, fake.labels]) : undefined;
  const both = discriminator.forward(Tensor.cat([real.images, fake.images]), labels);
  const size = real.images.shape[0]!;
  return [0, size].map((start) => mapOutput(both, (tensor) => tensor.narrow(0, start, size)));
}

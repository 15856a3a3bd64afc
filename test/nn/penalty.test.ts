import { describe, expect, it } from "vitest";
import {
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  Flatten,
  frozenStatistics,
  LayerNorm,
  LeakyReLU,
  Linear,
  ReLU,
  Sequential,
  spectralNorm,
  Tanh,
  type UnaryModule,
  weightNorm,
} from "../../src/nn/index.ts";
import { grad, type Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, expectGradients, fill, fixture, noise } from "./oracle.ts";

/** WGAN's gradient penalty, mean of (|d net / d x| - 1)^2: its own gradient needs second derivatives of every layer. */
function gradientPenalty(net: UnaryModule, x: Tensor): Tensor {
  const [slope] = grad(net.forward(x).sum(), [x], { createGraph: true });
  return slope!.flatten(1).norm(2, 1).sub(1).pow(2).mean();
}

const inputOf = (): Tensor => noise([3, 2, 8, 8], 60).requiresGrad_();

describe("second derivatives", () => {
  it("of a spectrally normalised critic agree with PyTorch's", () => {
    const stored = fixture<{
      penalty: { names: string[]; value: number; gradients: Record<string, number[] | null> };
    }>("nn").penalty;
    const normed = [
      new Conv2d(contextOf(), 2, 4, 4, { stride: 2, padding: 1 }),
      new Conv2d(contextOf(), 4, 3, 3, { padding: 1 }),
      new Linear(contextOf(), 48, 1),
    ].map((layer) => spectralNorm(contextOf(), layer));
    const net = new Sequential(
      normed[0]!,
      new LeakyReLU(0.2, { inPlace: true }),
      normed[1]!,
      new Tanh(),
      new Flatten(),
      normed[2]!,
    );
    fill(net);
    expect([...net.stateDict().keys()]).toEqual(stored.names);
    const penalty = gradientPenalty(net, inputOf());
    expectClose([penalty.item()], [stored.value], { atol: 1e-12, rtol: 1e-10 });
    const gradients = grad(penalty, net.parameters(), { allowUnused: true });
    for (const [i, name] of [...net.namedParameters().keys()].entries()) {
      const expected = stored.gradients[name];
      // Where PyTorch finds no path at all, a path that carries zero is as right.
      if (expected) expectClose(gradients[i]!, expected, { atol: 1e-12, rtol: 1e-9, label: name });
      else if (gradients[i]) expectClose(gradients[i], Array(gradients[i].numel).fill(0), { label: name });
    }
  });

  it("through every kind of layer agree with finite differences", () => {
    const net = new Sequential(
      weightNorm(new Conv2d(contextOf(1), 2, 4, 4, { stride: 2, padding: 1 })),
      new BatchNorm2d(contextOf(), 4),
      new ReLU({ inPlace: true }),
      spectralNorm(contextOf(2), new ConvTranspose2d(contextOf(2), 4, 3, 3)),
      new LayerNorm(contextOf(), [3, 6, 6]),
      new LeakyReLU(0.2),
      new Flatten(),
      spectralNorm(contextOf(3), new Linear(contextOf(3), 108, 1)),
      new Tanh(),
    );
    const x = inputOf();
    // Each evaluation must be the same function: power iterations would move it.
    const weights = [...net.namedParameters()]
      .filter(([name]) => /weight|^4.bias/.test(name))
      .map(([, tensor]) => tensor);
    expectGradients(weights, () => frozenStatistics(() => gradientPenalty(net, x)), 1e-6);
  });
});

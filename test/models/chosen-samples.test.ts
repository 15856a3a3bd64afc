/** A loss of some samples: the convolutions' backward passes compute those samples and no others (native/convolution.cc). */
import { describe, expect, it } from "vitest";
import { hinge, type Loss, leastSquares, minimax, nonSaturating, wasserstein } from "../../src/losses/index.ts";
import {
  allCnn,
  biggan,
  bigganDeep,
  type DiscriminatorNetwork,
  dcgan,
  type ModelContext,
  mlp,
  noisyMlp,
  resnet,
  sagan,
} from "../../src/models/index.ts";
import { Conv2d, frozenStatistics } from "../../src/nn/index.ts";
import { grad, type MemoryFormat, manualSeed, noGrad, Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, fill, noise } from "../nn/oracle.ts";
import { samplesComputed } from "../tensor/samples-computed.ts";

const ROWS = [5, 0, 2];
const CLASSES = 3;
const losses: Record<string, Loss> = Object.fromEntries(
  [nonSaturating, minimax, leastSquares, hinge, wasserstein].map((make) => {
    const loss = make().build() as Loss;
    return [loss.name, loss];
  }),
);

function contextFor(image: ModelContext["image"], memoryFormat: MemoryFormat = "contiguous"): ModelContext {
  return { ...contextOf(), image, classes: CLASSES, memoryFormat };
}

function convolutions(options: Parameters<typeof dcgan.discriminator>[0], format?: MemoryFormat): DiscriminatorNetwork {
  const context = contextFor({ channels: 3, size: 16 }, format);
  const network = dcgan.discriminator({ width: 3, init: "default", ...options }).build(context);
  network.to({ memoryFormat: context.memoryFormat ?? "contiguous" });
  // Spectral norm begins with random vectors, which give weights of any size, and scores where losses are flat.
  for (let i = 0; i < 8; i++) network.forward(smallImages(), noise([6], 1).zero_().to({ dtype: "int64" }));
  return lengthened(network);
}

function perceptron(
  options: Parameters<typeof mlp.discriminator>[0],
  image: ModelContext["image"] = { features: 2 },
): DiscriminatorNetwork {
  return fill(mlp.discriminator({ hidden: [7, 5], ...options }).build(contextFor(image)));
}

function residual(kind: "resnet" | "sagan" | "biggan" | "bigganDeep", format: MemoryFormat): DiscriminatorNetwork {
  const make = { resnet, sagan, biggan, bigganDeep }[kind].discriminator;
  const options = { width: kind === "sagan" ? 8 : 4, ...(kind === "resnet" ? {} : { attention: 16 }) };
  const network = make(options).build(contextFor({ channels: 3, size: 32 }, format));
  network.to({ memoryFormat: format });
  for (let i = 0; i < 8; i++) network.forward(largeImages(), noise([6], 1).zero_().to({ dtype: "int64" }));
  return lengthened(network);
}

function noisy(options: Parameters<typeof noisyMlp.discriminator>[0]): DiscriminatorNetwork {
  return lengthened(
    noisyMlp.discriminator({ hidden: [7, 5], ...options }).build(contextFor({ channels: 3, size: 16 })),
  );
}

function allConvolutional(
  options: Parameters<typeof allCnn.discriminator>[0],
  format: MemoryFormat,
): DiscriminatorNetwork {
  const network = allCnn.discriminator({ width: 4, ...options }).build(contextFor({ channels: 3, size: 16 }, format));
  return lengthened(network.to({ memoryFormat: format }));
}

/**
 * Weight norm begins with small lengths, whose product over all layers leaves no gradient to compare, and attention with
 * the gain 0, which leaves none for its convolutions.
 */
function lengthened(network: DiscriminatorNetwork): DiscriminatorNetwork {
  for (const [name, tensor] of network.stateDict()) {
    if (name.endsWith("weight_g") || name.endsWith("gain")) noGrad(() => tensor.fill_(1.5));
  }
  return network;
}

const largeImages = (): Tensor => noise([6, 3, 32, 32], 7);
const smallImages = (): Tensor => noise([6, 3, 16, 16], 7);
const networks: Record<string, [() => DiscriminatorNetwork, () => Tensor]> = {
  dcgan: [() => convolutions({}), smallImages],
  "dcgan, channels last": [() => convolutions({}, "channelsLast"), () => smallImages().contiguous("channelsLast")],
  "dcgan, spectral norm": [() => convolutions({ spectralNorm: true }, "channelsLast"), smallImages],
  "dcgan, dropout": [() => convolutions({ dropout: 0.5 }, "channelsLast"), smallImages],
  "dcgan, attention": [() => convolutions({ width: 8, attention: 8, spectralNorm: true }, "channelsLast"), smallImages],
  "dcgan, three logits": [() => convolutions({ outputs: 3 }), smallImages],
  "dcgan, conditional, with everything": [
    () =>
      convolutions({ conditional: true, outputs: 3, spectralNorm: true, dropout: 0.3, init: "normal" }, "channelsLast"),
    smallImages,
  ],
  resnet: [() => residual("resnet", "channelsLast"), largeImages],
  sagan: [() => residual("sagan", "channelsLast"), largeImages],
  biggan: [() => residual("biggan", "contiguous"), largeImages],
  "biggan-deep": [() => residual("bigganDeep", "channelsLast"), largeImages],
  mlp: [() => perceptron({}), () => noise([6, 2], 7)],
  "mlp, spectral norm, three logits": [() => perceptron({ spectralNorm: true, outputs: 3 }), () => noise([6, 2], 7)],
  "mlp, conditional": [() => perceptron({ conditional: true }), () => noise([6, 2], 7)],
  "mlp on images": [() => perceptron({}, { channels: 3, size: 16 }), smallImages],
  "noisy perceptron": [() => noisy({}), smallImages],
  "noisy perceptron, without noise, three logits": [() => noisy({ inputNoise: 0, noise: 0, outputs: 3 }), smallImages],
  "all-convolutional": [() => allConvolutional({}, "channelsLast"), smallImages],
  "all-convolutional, without dropout, three logits": [
    () => allConvolutional({ inputDropout: 0, dropout: 0, outputs: 3 }, "contiguous"),
    smallImages,
  ],
  "mlp without hidden layers": [() => perceptron({ hidden: [] }), () => noise([6, 2], 7)],
};

/** Gradients at the images of a loss of {@link ROWS}, and how many samples the convolutions computed for them. */
function gradientAt(
  network: DiscriminatorNetwork,
  images: Tensor,
  loss: Loss,
  options: { whole: boolean },
): { gradient: Tensor; computed: number } {
  const labels = Tensor.fromArray(BigInt64Array.from([0n, 1n, 2n, 2n, 1n, 0n]));
  const rows = Tensor.fromArray(BigInt64Array.from(ROWS, BigInt));
  manualSeed(11);
  const { score } = frozenStatistics(() => network.forward(images, labels));
  const cost = loss.generator(score.indexSelect(0, rows)).mean();
  const before = samplesComputed();
  // A gradient that is recorded itself is always computed for the whole batch.
  const [gradient] = grad(cost, [images], { createGraph: options.whole });
  return { gradient: gradient!, computed: samplesComputed() - before };
}

describe("the gradient of a loss of some samples", () => {
  it.each(Object.entries(networks))("is computed for them alone, and is the whole batch's: %s", (_, [make, input]) => {
    const network = make().requiresGrad_(false);
    const convolutions = network.modules().filter((module) => module instanceof Conv2d).length;
    for (const [name, loss] of Object.entries(losses)) {
      const images = input().requiresGrad_();
      const some = gradientAt(network, images, loss, { whole: false });
      const whole = gradientAt(network, images, loss, { whole: true });
      expectClose(some.gradient, whole.gradient, { atol: 1e-14, rtol: 1e-11, label: name });
      expect(whole.gradient.abs().amax().item()).toBeGreaterThan(1e-7);
      expect([some.computed, whole.computed]).toEqual([ROWS.length * convolutions, images.shape[0]! * convolutions]);
    }
  });

  it("is computed for all of them where batch norm makes every sample matter to every other", () => {
    const network = convolutions({ batchNorm: true }).requiresGrad_(false);
    const images = smallImages().requiresGrad_();
    const some = gradientAt(network, images, losses.wasserstein!, { whole: false });
    const whole = gradientAt(network, images, losses.wasserstein!, { whole: true });
    expectClose(some.gradient, whole.gradient, { atol: 1e-14, rtol: 1e-11 });
    expect(some.computed).toBe(whole.computed);
    const others = some.gradient.narrow(0, 1, 1).abs().amax().item();
    expect(others).toBeGreaterThan(1e-6);
  });
});

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
  sagan,
} from "../../src/models/index.ts";
import { frozenStatistics, type Module } from "../../src/nn/index.ts";
import { grad, type MemoryFormat, manualSeed, noGrad, Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, fill, flat, noise } from "../nn/oracle.ts";

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
  for (let i = 0; i < 8; i++) network.forward(pictures(), noise([6], 1).zero_().to({ dtype: "int64" }));
  return network;
}

function perceptron(
  options: Parameters<typeof mlp.discriminator>[0],
  image: ModelContext["image"] = { features: 2 },
): DiscriminatorNetwork {
  return fill(mlp.discriminator({ hidden: [7, 5], ...options }).build(contextFor(image)));
}

function residual(kind: "sagan" | "biggan" | "bigganDeep", format: MemoryFormat): DiscriminatorNetwork {
  const make = { sagan, biggan, bigganDeep }[kind].discriminator;
  const options = { width: kind === "sagan" ? 8 : 4, attention: 16 };
  const network = make(options).build(contextFor({ channels: 3, size: 32 }, format));
  network.to({ memoryFormat: format });
  for (let i = 0; i < 8; i++) network.forward(largePictures(), noise([6], 1).zero_().to({ dtype: "int64" }));
  return network;
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

/** Weight norm begins with small lengths, whose product over all layers leaves no gradient to compare. */
function lengthened(network: DiscriminatorNetwork): DiscriminatorNetwork {
  for (const [name, tensor] of network.stateDict()) if (name.endsWith("weight_g")) noGrad(() => tensor.fill_(1.5));
  return network;
}

const largePictures = (): Tensor => noise([6, 3, 32, 32], 7);
const pictures = (): Tensor => noise([6, 3, 16, 16], 7);
const networks: Record<string, [() => DiscriminatorNetwork, () => Tensor]> = {
  dcgan: [() => convolutions({}), pictures],
  "dcgan, channels last": [() => convolutions({}, "channelsLast"), () => pictures().contiguous("channelsLast")],
  "dcgan, spectral norm": [() => convolutions({ spectralNorm: true }, "channelsLast"), pictures],
  "dcgan, dropout": [() => convolutions({ dropout: 0.5 }, "channelsLast"), pictures],
  "dcgan, attention": [() => convolutions({ width: 8, attention: 8, spectralNorm: true }, "channelsLast"), pictures],
  "dcgan, three logits": [() => convolutions({ outputs: 3 }), pictures],
  "dcgan, conditional, with everything": [
    () =>
      convolutions({ conditional: true, outputs: 3, spectralNorm: true, dropout: 0.3, init: "normal" }, "channelsLast"),
    pictures,
  ],
  sagan: [() => residual("sagan", "channelsLast"), largePictures],
  biggan: [() => residual("biggan", "contiguous"), largePictures],
  "biggan-deep": [() => residual("bigganDeep", "channelsLast"), largePictures],
  mlp: [() => perceptron({}), () => noise([6, 2], 7)],
  "mlp, spectral norm, three logits": [() => perceptron({ spectralNorm: true, outputs: 3 }), () => noise([6, 2], 7)],
  "mlp, conditional": [() => perceptron({ conditional: true }), () => noise([6, 2], 7)],
  "mlp on images": [() => perceptron({}, { channels: 3, size: 16 }), pictures],
  "noisy perceptron": [() => noisy({}), pictures],
  "noisy perceptron, without noise, three logits": [() => noisy({ inputNoise: 0, noise: 0, outputs: 3 }), pictures],
  "all-convolutional": [() => allConvolutional({}, "channelsLast"), pictures],
  "all-convolutional, without dropout, three logits": [
    () => allConvolutional({ inputDropout: 0, dropout: 0, outputs: 3 }, "contiguous"),
    pictures,
  ],
  "mlp without hidden layers": [() => perceptron({ hidden: [] }), () => noise([6, 2], 7)],
};

describe("a judgement with a way back to chosen images", () => {
  it.each(Object.entries(networks))("is the usual one, with its gradients: %s", (_, [make, input]) => {
    const network = make().requiresGrad_(false);
    const labels = Tensor.fromArray(BigInt64Array.from([0n, 1n, 2n, 2n, 1n, 0n]));
    const rows = Tensor.fromArray(BigInt64Array.from(ROWS, BigInt));
    for (const [name, loss] of Object.entries(losses)) {
      const images = input().requiresGrad_();
      manualSeed(11);
      const usual = frozenStatistics(() => network.forward(images, labels));
      manualSeed(11);
      const judge = (): ReturnType<NonNullable<typeof network.rowJudge>> =>
        frozenStatistics(() => network.rowJudge!(input(), labels));
      const { judgement, imageGradient } = judge();
      for (const part of ["score", "logits", "features"] as const) {
        expectClose(judgement[part], usual[part], { atol: 0, rtol: 0, label: `${name} ${part}` });
      }

      const cost = (score: Tensor): Tensor => loss.generator(score.indexSelect(0, rows)).mean();
      const [expected] = grad(cost(usual.score), [images], { retainGraph: true }) as [Tensor];
      const some = imageGradient(cost(judgement.score), rows);
      expectClose(some, expected.indexSelect(0, rows), { atol: 1e-14, rtol: 1e-11, label: name });
      expect(some.shape).toEqual([ROWS.length, ...images.shape.slice(1)]);
      expect(Math.max(...flat(expected).map(Math.abs))).toBeGreaterThan(1e-4);

      manualSeed(11);
      const again = judge();
      const [whole] = grad(loss.generator(usual.score).mean(), [images]) as [Tensor];
      const all = again.imageGradient(loss.generator(again.judgement.score).mean(), null);
      expectClose(all, whole, { atol: 1e-14, rtol: 1e-11, label: `${name}, all` });
    }
  });

  it("reaches every part of the judgement", () => {
    const network = convolutions({ outputs: 3, spectralNorm: true }, "channelsLast").requiresGrad_(false);
    const rows = Tensor.fromArray(BigInt64Array.from(ROWS, BigInt));
    for (const part of ["logits", "features"] as const) {
      const images = pictures().requiresGrad_();
      const cost = (all: Tensor): Tensor => all.indexSelect(0, rows).pow(2).mean();
      const [expected] = grad(cost(frozenStatistics(() => network.forward(images))[part]), [images]) as [Tensor];
      const { judgement, imageGradient } = frozenStatistics(() => network.rowJudge!(pictures()));
      const found = imageGradient(cost(judgement[part]), rows);
      expectClose(found, expected.indexSelect(0, rows), { atol: 1e-14, rtol: 1e-11 });
    }
  });

  it("moves carried state as forward does, unless statistics are frozen", () => {
    const [one, other] = [convolutions({ spectralNorm: true }), convolutions({ spectralNorm: true })];
    const vectors = (network: Module): number[] => [...network.namedBuffers().values()].flatMap(flat);
    const before = vectors(one);
    frozenStatistics(() => one.rowJudge!(pictures()));
    expect(vectors(one)).toEqual(before);
    one.rowJudge!(pictures());
    other.forward(pictures());
    expect(vectors(one)).toEqual(vectors(other));
    expect(vectors(one)).not.toEqual(before);
  });

  it("is not offered with batch statistics", () => {
    expect(convolutions({ batchNorm: true }).rowJudge).toBeUndefined();
    expect(convolutions({ batchNorm: true }).eval().rowJudge).toBeUndefined();
  });
});

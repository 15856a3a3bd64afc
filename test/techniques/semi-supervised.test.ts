import { describe, expect, it } from "vitest";
import { z } from "zod";
import { leastSquares, nonSaturating, wasserstein } from "../../src/losses/index.ts";
import { allCnn, DiscriminatorNetwork, type DiscriminatorOutput, mlp, noisyMlp } from "../../src/models/index.ts";
import { defineDiscriminator } from "../../src/models/network.ts";
import { adam } from "../../src/optim/index.ts";
import {
  type DiscriminatorPass,
  dataDependentInitialisation,
  featureMatching,
  minibatchDiscrimination,
  semiSupervised,
  weightAveraging,
} from "../../src/techniques/index.ts";
import { grad, Tensor } from "../../src/tensor/index.ts";
import { classify } from "../../src/training/evaluation/classification.ts";
import { loadCheckpoint, writeCheckpoint } from "../../src/training/run/checkpoint.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { expectClose, expectGradients, flat, noise } from "../nn/oracle.ts";
import { ganOf, makeDataset, technique, temporaryFolder } from "../training/tiny.ts";

const networks = {
  generator: noisyMlp.generator({ latent: 4, hidden: [8] }),
  discriminator: noisyMlp.discriminator({ hidden: [16, 8] }),
  loss: nonSaturating(),
};

/** A user's own discriminator, which ends in no `Head`. */
class Headless extends DiscriminatorNetwork {
  override forward(images: Tensor): DiscriminatorOutput {
    const features = images.flatten(1);
    return { score: features.sum(1), logits: features, features, hidden: [features] };
  }
}

/** The technique's loss of D over given logits; what stands for images is its own logits, unless something augments it. */
function lossOf(
  labelled: Tensor,
  y: number[],
  real: Tensor,
  fake: Tensor,
  options = {},
  targets = {},
  augment: DiscriminatorPass["augment"] = (images) => images,
): Tensor {
  const built = semiSupervised({ labels: 6, ...options }).build({ classes: 3, batchSize: 2 } as never);
  const labels = Tensor.fromArray(BigInt64Array.from(y, BigInt));
  const loader = { next: () => ({ images: labelled, labels }) };
  built.prepare!({ loss: nonSaturating().build() } as never, { labelled: loader } as never);
  const outputOf = (logits: Tensor) => ({ logits, score: logits.logsumexp(1) });
  const pass = {
    realOutput: outputOf(real),
    fakeOutput: outputOf(fake),
    targets,
    augment,
    discriminate: outputOf,
  };
  return built.discriminatorLoss!(pass as unknown as DiscriminatorPass, {} as never);
}

describe("semiSupervised: the loss", () => {
  const [labelled, real, fake] = [noise([4, 3], 1).mul(3), noise([5, 3], 2).mul(3), noise([6, 3], 3).mul(3)];
  const y = [0, 2, 1, 2];

  /** Log-probabilities of K + 1 classes, the last logit 0, as the paper writes them. */
  const logOfAll = (row: number[]): number[] => {
    const total = Math.log([...row, 0].reduce((sum, value) => sum + Math.exp(value), 0));
    return [...row, 0].map((value) => value - total);
  };
  const rows = (tensor: Tensor) => tensor.tolist() as number[][];
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  it("is the paper's, by the softmax over K + 1 classes", () => {
    const supervised = mean(
      rows(labelled).map((row, i) => {
        const log = logOfAll(row);
        return -(log[y[i]!]! - Math.log(1 - Math.exp(log[3]!)));
      }),
    );
    const ofReal = mean(rows(real).map((row) => -Math.log(1 - Math.exp(logOfAll(row)[3]!))));
    const ofFake = mean(rows(fake).map((row) => -logOfAll(row)[3]!));
    expectClose(lossOf(labelled, y, real, fake), [supervised + 0.5 * (ofReal + ofFake)], { rtol: 1e-10 });
    expectClose(lossOf(labelled, y, real, fake, { unsupervised: 1 }), [supervised + ofReal + ofFake], { rtol: 1e-10 });
    const smooth = mean(
      rows(real).map((row) => {
        const none = logOfAll(row)[3]!;
        return -0.9 * Math.log(1 - Math.exp(none)) - 0.1 * none;
      }),
    );
    expectClose(lossOf(labelled, y, real, fake, {}, { real: 0.9 }), [supervised + 0.5 * (smooth + ofFake)], {
      rtol: 1e-10,
    });
  });

  it("is that of labelled images as the discriminator sees real ones", () => {
    const seen = lossOf(labelled, y, real, fake, {}, {}, (images, of) => images.mul(of === "real" ? 3 : 5));
    expectClose(seen, lossOf(labelled.mul(3), y, real, fake), { rtol: 1e-12 });
  });

  it("has the right gradient, and a finite one for logits of any size", () => {
    const leaves = [labelled, real, fake].map((tensor) => tensor.clone().requiresGrad_(true)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    expectGradients(leaves, () => lossOf(leaves[0], y, leaves[1], leaves[2]));
    for (const size of [1e4, -1e4]) {
      const huge = leaves.map((leaf) => leaf.detach().mul(0).add(size).requiresGrad_(true)) as typeof leaves;
      const loss = lossOf(huge[0], y, huge[1], huge[2]);
      expect(Number.isFinite(loss.item())).toBe(true);
      for (const gradient of grad(loss, huge)) expect(gradient!.isfinite().all().item()).toBe(1);
    }
  });
});

describe("semiSupervised: the labelled stream", () => {
  /** The labelled images that a GAN's discriminator sees in its first two updates, and the real ones. */
  function seen(seed: number, labelSeed?: number): { few: Set<string>; first: string; labels: number[] } {
    const batches: string[][] = [];
    const labels: number[] = [];
    const gan = ganOf({ ...networks, batchSize: 4, seed, techniques: [semiSupervised({ labels: 4, labelSeed })] });
    const loader = gan.auxiliaryLoaders.get("semiSupervised.labelled")!;
    for (let i = 0; i < 2; i++) {
      const batch = loader.next();
      labels.push(...flat(batch.labels!));
      batches.push((batch.images.flatten(1).tolist() as number[][]).map(String));
    }
    return { few: new Set(batches.flat()), first: batches[0]!.join(), labels };
  }

  it("is balanced, and follows the run's seed, or only its own seed if it has one", () => {
    const own = seen(1);
    expect(own.few.size).toBe(4);
    expect(own.labels.filter((label) => label === 0)).toHaveLength(4);
    expect(seen(1).few).toEqual(own.few);
    expect(seen(2).few).not.toEqual(own.few);
    const shared = seen(2, 1);
    expect(shared.few).toEqual(own.few);
    expect(shared.first).not.toEqual(own.first);
  });
});

describe("semiSupervised: training", () => {
  const techniques = () => [
    dataDependentInitialisation({ images: 16 }),
    semiSupervised({ labels: 4 }),
    featureMatching({ reduce: "mean" }),
    weightAveraging({ players: "discriminator", decay: 0.9 }),
  ];

  it("learns the classes of its labelled images", async () => {
    const quick = adam({ lr: 1e-2, betas: [0.5, 0.999] });
    const gan = ganOf({
      ...networks,
      optimizers: { generator: quick, discriminator: quick },
      techniques: techniques(),
    });
    for (let i = 0; i < 60; i++) trainingStep(gan).dispose();
    const report = gan.techniques.find(({ name }) => name === "semiSupervised")!.report!();
    expect(report.supervised).toBeLessThan(0.1);
    expect(report.labelledError).toBe(0);
    const dataset = makeDataset({ count: 48, size: 16, classes: 2 });
    const before = flat(gan.streams.state().get("default")!);
    for (const averaged of [false, true]) {
      const logits = await classify(gan, dataset, { averaged });
      expect(logits.shape).toEqual([48, 2]);
      logits.dispose();
    }
    expect(flat(gan.streams.state().get("default")!)).toEqual(before);
    expect(gan.discriminator.training).toBe(true);
  });

  it("continues with the same bits after a checkpoint", () => {
    const follow = (gan: ReturnType<typeof ganOf>): number[] =>
      Array.from({ length: 2 }, () => flat(trainingStep(gan))).flat();
    const gan = ganOf({ ...networks, techniques: techniques() });
    follow(gan);
    const path = writeCheckpoint(temporaryFolder(), gan, 0);
    const expected = follow(gan);
    const resumed = ganOf({ ...networks, techniques: techniques() });
    loadCheckpoint(path, resumed);
    expect(follow(resumed)).toEqual(expected);
    expect([...resumed.discriminator.stateDict()].map(([, tensor]) => flat(tensor))).toEqual(
      [...gan.discriminator.stateDict()].map(([, tensor]) => flat(tensor)),
    );
  });

  it("begins with normalised activations", () => {
    const seenBy: number[] = [];
    const spy = technique("hiddenSpy", () => ({
      discriminatorPenalty: ({ realOutput }) => {
        seenBy.push(realOutput.hidden[0]!.square().mean().item());
        return undefined;
      },
    }));
    const gan = ganOf({ ...networks, batchSize: 48, techniques: [dataDependentInitialisation({ images: 48 }), spy] });
    trainingStep(gan).dispose();
    // The positive half of N(0, 1) has a mean square of one half.
    expect(seenBy[0]).toBeGreaterThan(0.3);
    expect(seenBy[0]).toBeLessThan(0.7);
  });

  it("begins with running statistics that no batch has moved", () => {
    const { generator } = ganOf({
      generator: allCnn.generator({ latent: 4, width: 2 }),
      techniques: [dataDependentInitialisation({ images: 16 })],
    });
    const running = [...generator.stateDict()].filter(([name]) => /running_|num_batches/.test(name));
    expect(running.length).toBeGreaterThan(3);
    for (const [name, tensor] of running) {
      expect(new Set(flat(tensor)), name).toEqual(new Set([name.endsWith("running_var") ? 1 : 0]));
    }
  });

  it("keeps what other techniques build into the discriminator, in either order", () => {
    const both = [minibatchDiscrimination({ kernels: 3, dimensions: 2 }), semiSupervised({ labels: 4 })];
    for (const techniques of [both, both.toReversed()]) {
      const { discriminator } = ganOf({ ...networks, techniques });
      const state = discriminator.stateDict();
      expect([...state.keys()].some((name) => name.startsWith("head.stage."))).toBe(true);
      const weights = [...state].filter(([name]) => /^head.linear.weight/.test(name)).map(([, { shape }]) => shape);
      expect(Math.max(...weights.map(([rows]) => rows!))).toBe(2);
    }
  });

  it("is refused where it makes no sense, in words", () => {
    const unlabelled = { count: 8, size: 16, classes: 0 };
    expect(() => ganOf({ ...networks, techniques: [semiSupervised()] }, unlabelled)).toThrow(
      "`semiSupervised` learns classes, and this data has none",
    );
    expect(() => ganOf({ ...networks, techniques: [semiSupervised({ labels: 5 })] })).toThrow(
      "`semiSupervised.labels` (=5) must be a multiple of the number of classes, 2",
    );
    const conditional = mlp.discriminator({ hidden: [4], conditional: true });
    expect(() => ganOf({ ...networks, discriminator: conditional, techniques: [semiSupervised()] })).toThrow(
      "set it to false",
    );
    const headless = defineDiscriminator("testHeadless", z.strictObject({}), () => new Headless());
    expect(() =>
      ganOf({ ...networks, discriminator: headless(), techniques: [semiSupervised({ labels: 4 })] }),
    ).toThrow("`testHeadless` has no `Head` that gives it");
    expect(() =>
      ganOf({ ...networks, loss: wasserstein({ clip: 0.01 }), techniques: [semiSupervised({ labels: 4 })] }),
    ).toThrow("the loss `wasserstein` would clip");
    const other = leastSquares({ a: -1, b: 1, c: 0 });
    expect(() => ganOf({ ...networks, loss: other, techniques: [semiSupervised({ labels: 4 })] })).toThrow(
      "whose targets are 1 and 0, and those of the loss `leastSquares` are 1 and -1",
    );
    const plain = { generator: mlp.generator({ hidden: [4] }), discriminator: mlp.discriminator({ hidden: [4] }) };
    expect(() => ganOf({ ...plain, techniques: [dataDependentInitialisation()] })).toThrow("neither network has one");
  });
});

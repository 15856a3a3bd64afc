import { describe, expect, it } from "vitest";
import { donskerVaradhan } from "../../src/losses/donsker-varadhan.ts";
import { StatisticsNetwork } from "../../src/models/statistics-network.ts";
import { mine, topK, weightAveraging } from "../../src/techniques/index.ts";
import { clippedTo } from "../../src/techniques/mutual-information.ts";
import { grad, noGrad, scope, type Tensor } from "../../src/tensor/index.ts";
import { loadCheckpoint, writeCheckpoint } from "../../src/training/run/checkpoint.ts";
import type { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { TEST_DEVICE } from "../device/device.ts";
import { contextOf, expectClose, fill, flat, noise, slopeAt } from "../nn/oracle.ts";
import { ganOf, temporaryFolder, tinyConvolutions } from "../training/tiny.ts";

const lengthOf = (tensors: readonly (readonly number[])[]): number => Math.hypot(...tensors.flat());

describe("the clipping of the information's gradient", () => {
  it("is g_u + min(|g_u|, |g_m|) g_m / |g_m|, over all weights together", () => {
    const own = [noise([3, 2], 1), noise([4], 2)];
    for (const scale of [1e-3, 0.5, 1, 30, 1e6]) {
      const added = [noise([3, 2], 3).mul(scale), noise([4], 4).mul(scale)];
      const [limit, size] = [lengthOf(own.map(flat)), lengthOf(added.map(flat))];
      const expected = own.map((g, i) =>
        flat(g).map((v, j) => v + (Math.min(limit, size) * flat(added[i]!)[j]!) / size),
      );
      const { sum, factor } = clippedTo(own, added);
      for (const [i, tensor] of sum.entries()) expectClose(tensor, expected[i]!, { rtol: 1e-12, atol: 1e-12 });
      expect(factor).toBeCloseTo(Math.min(1, limit / size), 12);
    }
  });

  it("adds nothing where either has no length, and takes a missing gradient for zeros", () => {
    const [own, zero] = [noise([3], 1), noise([3], 2).mul(0)];
    expect(flat(clippedTo([own], [zero]).sum[0]!)).toEqual(flat(own));
    expect(flat(clippedTo([own, own], [null, zero]).sum[0]!)).toEqual(flat(own));
    expect(flat(clippedTo([zero], [own]).sum[0]!).map(Math.abs)).toEqual([0, 0, 0]);
    const half = clippedTo([own, zero], [null, own.mul(2)]);
    expect(half.factor).toBeCloseTo(0.5, 12);
    expectClose(half.sum[1]!, own);
  });
});

const OPTIONS = { beta: 0.3, code: 3, hidden: [6], width: 2, lr: 1e-2, decay: 0.5 };

/** A copy of the statistics network of a GAN's first technique, from what a checkpoint would keep, in float64. */
function statisticsOf(gan: BuiltGan): StatisticsNetwork {
  const { code: y, hidden, width } = OPTIONS;
  const network = new StatisticsNetwork(contextOf(), { x: gan.shape.sample, y, hidden, width });
  const own = [...gan.techniques[0]!.state!().tensors].filter(([name]) => name.startsWith("network."));
  network.loadStateDict(new Map(own.map(([name, tensor]) => [name.slice("network.".length), tensor])));
  return network;
}

/** A GAN with `mine` first, and a batch that its generator made. */
function situation(options: Partial<typeof OPTIONS> = {}) {
  const gan = ganOf({ techniques: [mine({ ...OPTIONS, ...options })] });
  fill(gan.generator, 5);
  const latents = noise([8, 4], 9, "float32");
  const [technique] = gan.techniques;
  const gradientsOf = (value: Tensor) =>
    grad(value, gan.generator.parameters(), { retainGraph: true, allowUnused: true });
  const pass = () => ({ rawFake: gan.generator.forward(latents), latents, gradientsOf }) as never;
  /** What the generator is given when everything else asks for `own`. */
  const amended = (own: readonly Tensor[]): number[][] => {
    expect(technique!.generatorPenalty!(pass(), gan)).toBeUndefined();
    return technique!.gradients!("generator", own, gan).map(flat);
  };
  const learn = () => scope(() => technique!.extraUpdate!(pass(), gan));
  const shapes = gan.generator.parameters().map(({ shape }) => shape);
  const others = (size: number) => shapes.map((shape, i) => noise(shape, i, "float32").mul(size));
  return { gan, technique: technique!, latents, amended, learn, others };
}

describe("mine", () => {
  it("gives the generator -beta times the slope of the bound: central differences in float64", () => {
    const { gan, latents, amended, others } = situation();
    const statistics = statisticsOf(gan);
    const own = others(100); // so long that nothing is clipped
    const found = amended(own).map((sum, i) => sum.map((v, j) => v - flat(own[i]!)[j]!));
    expect(lengthOf(found)).toBeLessThan(lengthOf(own.map(flat)));
    gan.generator.to({ dtype: "float64" });
    const bound = (): number => {
      const { joint, marginal } = noGrad(() => statistics.pairs(gan.generator.forward(latents.double()), codes));
      return donskerVaradhan(joint, marginal);
    };
    const codes = latents.narrow(1, 0, OPTIONS.code).double();
    for (const [p, parameter] of gan.generator.parameters().entries()) {
      for (const index of [0, parameter.numel - 1]) {
        const slope = -OPTIONS.beta * slopeAt(parameter, index, bound, 1e-4);
        // What float32 leaves of a small number after 100 were added to it and taken away.
        expectClose([found[p]![index]!], [slope], { atol: 1e-5, rtol: 1e-3, label: `parameter ${p} element ${index}` });
      }
    }
  });

  it("clips it to the length of the gradient of everything else", () => {
    const { amended, others } = situation({ beta: 1e6 });
    const own = others(1e-3);
    const sum = amended(own);
    const added = sum.map((values, i) => values.map((v, j) => v - flat(own[i]!)[j]!));
    expect(lengthOf(added) / lengthOf(own.map(flat))).toBeCloseTo(1, 4);
    // A larger weight changes nothing any more.
    const larger = situation({ beta: 1e7 }).amended(own);
    for (const [i, values] of sum.entries()) expectClose(values, larger[i]!, { rtol: 1e-4, atol: 1e-8 });
  });

  it("divides by the moving average of the denominators that the statistics network has met, and this batch's", () => {
    const { gan, technique, latents, amended, learn, others } = situation();
    learn();
    learn();
    const { logDenominator } = technique.state!().numbers;
    const statistics = statisticsOf(gan);
    const own = others(1);
    const found = amended(own).map((sum, i) => sum.map((v, j) => v - flat(own[i]!)[j]!));
    gan.generator.to({ dtype: "float64" });
    const codes = latents.narrow(1, 0, OPTIONS.code).double();
    const { joint, marginal } = statistics.pairs(gan.generator.forward(latents.double()), codes);
    const batch = flat(marginal.exp().mean())[0]!;
    const a = 0.5 * Math.exp(logDenominator!) + 0.5 * batch;
    expect(Math.abs(a / batch - 1)).toBeGreaterThan(1e-3);
    const direct = joint.mean().sub(marginal.exp().mean().div(a)).mul(-OPTIONS.beta);
    const gradients = grad(direct, gan.generator.parameters());
    for (const [i, gradient] of gradients.entries()) expectClose(found[i]!, gradient, { rtol: 1e-3, atol: 1e-6 });
  });

  it("learns nothing from images that are not finite, and goes on with the next ones", () => {
    const { gan, technique, learn } = situation();
    const stateOf = () => {
      const { tensors, numbers } = technique.state!();
      return { tensors: [...tensors].map(([name, tensor]) => [name, flat(tensor)]), numbers };
    };
    learn();
    const [parameter] = gan.generator.parameters();
    const [before, finite] = [stateOf(), parameter!.detach().clone()];
    noGrad(() => parameter!.fill_(Number.NaN));
    learn();
    expect(stateOf()).toEqual(before);
    noGrad(() => parameter!.copy_(finite));
    learn();
    expect(stateOf()).not.toEqual(before);
    expect(
      stateOf()
        .tensors.flatMap(([, values]) => values as number[])
        .every(Number.isFinite),
    ).toBe(true);
  });

  it("teaches the statistics network by Adam, which climbs the bound", () => {
    const { gan, technique, latents, learn } = situation();
    const codes = latents.narrow(1, 0, OPTIONS.code).double();
    const fake = noGrad(() => gan.generator.forward(latents)).double();
    const before = statisticsOf(gan);
    const bound = (network: StatisticsNetwork) => {
      const { joint, marginal } = network.pairs(fake, codes);
      return joint.mean().sub(marginal.logsumexp([0]).sub(Math.log(8)));
    };
    const slopes = grad(bound(before), before.parameters()).flatMap(flat);
    learn();
    const [old, now] = [before, statisticsOf(gan)].map((network) => network.parameters().flatMap(flat));
    // Adam's first step is lr times the sign.
    for (const [i, slope] of slopes.entries()) {
      if (Math.abs(slope) > 1e-4) expect(now![i]! - old![i]!).toBeCloseTo(OPTIONS.lr * Math.sign(slope), 4);
    }
    expect(technique.report!().information).toBeCloseTo(bound(before).item(), 5);
    for (let i = 0; i < 30; i++) learn();
    expect(technique.report!().information!).toBeGreaterThan(bound(before).item() + 0.05);
  });

  it("leaves the discriminator's gradients alone, and at beta 0 everything, to the bit", () => {
    const { gan, technique, others } = situation();
    const own = others(1);
    expect(technique.gradients!("discriminator", own, gan)).toBe(own);
    const weights = (techniques: Parameters<typeof ganOf>[0]) => {
      const other = ganOf({ ...techniques, ...tinyConvolutions });
      for (let i = 0; i < 3; i++) trainingStep(other).dispose();
      return [...other.generator.parameters(), ...other.discriminator.parameters()].map(flat);
    };
    const plain = weights({});
    expect(weights({ techniques: [mine({ beta: 0 })] })).toEqual(plain);
    expect(weights({ techniques: [mine({ beta: 1 })] })).not.toEqual(plain);
  });

  it.each([
    ["images", tinyConvolutions, { width: 2 }],
    ["images as perceptrons see them", {}, { width: 2, code: 4 }],
  ])("continues from a checkpoint with the same bits: %s", (_, networks, own) => {
    const techniques = [
      topK({ gamma: 0.5, everySteps: 2 }),
      mine({ ...own, hidden: [6], beta: 0.5 }),
      weightAveraging({ decay: 0.5 }),
    ];
    const open = () => ganOf({ techniques, ...networks });
    const everything = (gan: BuiltGan) => ({
      weights: [...gan.generator.stateDict().values(), ...gan.discriminator.stateDict().values()].map(flat),
      tensors: [...gan.techniques[1]!.state!().tensors].map(([name, tensor]) => [name, flat(tensor)]),
      numbers: gan.techniques[1]!.state!().numbers,
    });
    const [whole, first, second] = [open(), open(), open()];
    for (let i = 0; i < 5; i++) trainingStep(whole).dispose();
    for (let i = 0; i < 3; i++) trainingStep(first).dispose();
    loadCheckpoint(writeCheckpoint(temporaryFolder(), first, 0), second);
    for (let i = 0; i < 2; i++) trainingStep(second).dispose();
    expect(everything(second)).toEqual(everything(whole));
    const { numbers, tensors } = everything(whole);
    expect(numbers).toMatchObject({ batches: 5, steps: 5 });
    expect(tensors.map(([name]) => name)).toContain("optimizer.0.exp_avg_sq");
    const { information, informationClip } = whole.techniques[1]!.report!();
    expect(Number.isFinite(information)).toBe(true);
    expect(informationClip).toBeGreaterThan(0);
    expect(informationClip).toBeLessThanOrEqual(1);
  });

  it("takes vectors, and half of z by default", () => {
    const { random, ...context } = { random: contextOf().rng, classes: 0, device: TEST_DEVICE, batchSize: 4 };
    const built = mine({ hidden: [5] }).build({ ...context, rng: random, image: { features: 2 } });
    built.prepare!({ generator: { latent: 5 } } as never, {});
    expect(built.state!().tensors.get("network.head.0.weight")!.shape).toEqual([5, 2 + 3]);
    for (const tensor of built.state!().tensors.values()) tensor.dispose();
  });

  it("refuses a code longer than z, a batch of one, and options out of range", () => {
    expect(() => ganOf({ techniques: [mine({ code: 5 })] })).toThrow(
      "mine: `code` (=5) must be at most the length of z, 4",
    );
    expect(() => ganOf({ techniques: [mine()], batchSize: 1 })).toThrow("batch of at least 2");
    for (const wrong of [{ beta: -1 }, { lr: 0 }, { decay: 1 }, { code: 0 }, { hidden: [] }]) {
      expect(() => mine(wrong)).toThrow(Object.keys(wrong)[0]!);
    }
  });
});

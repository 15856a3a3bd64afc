import { describe, expect, it } from "vitest";
import { nonSaturating } from "../../src/losses/index.ts";
import { mlp } from "../../src/models/index.ts";
import { topK } from "../../src/techniques/index.ts";
import { Generator, liveTensors, Tensor } from "../../src/tensor/index.ts";
import { loadCheckpoint, writeCheckpoint } from "../../src/training/run/checkpoint.ts";
import { drawSamples } from "../../src/training/sampling/sample.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { flat } from "../nn/oracle.ts";
import { ganOf, technique, temporaryFolder } from "../training/tiny.ts";

/** A technique with every hook but the replacing ones, which writes down when each is called. */
function recorder(seen: string[]) {
  const note = <T>(what: string, value: T): T => {
    seen.push(what);
    return value;
  };
  return technique("recorder", () => ({
    networks: (networks) => note("networks", networks),
    loaders: () => note("loaders", { more: {} }),
    prepare: (_gan, loaders) => note(`prepare ${Object.keys(loaders)}`, undefined),
    augment: (images, of) => note(`augment ${of}`, images),
    inputGradients: (update) => note(`inputGradients ${update}`, []),
    targets: (_gan, count) => note(`targets ${count}`, { real: 0.9 }),
    discriminatorPenalty: () => note("discriminatorPenalty", undefined),
    select: () => note("select", null),
    generatorPenalty: () => note("generatorPenalty", undefined),
    gradients: (player, gradients) => note(`gradients ${player}`, gradients),
    extraUpdate: () => note("extraUpdate", undefined),
    afterStep: (player) => note(`afterStep ${player}`, undefined),
    sampler: (sample) => note("sampler", sample()),
    report: () => note("report", { mine: 1 }),
    state: () => note("state", { tensors: new Map(), numbers: {} }),
    load: () => note("load", undefined),
  }));
}

describe("the hooks", () => {
  it("are met in the documented order", () => {
    const seen: string[] = [];
    const gan = ganOf({ techniques: [recorder(seen)], loss: nonSaturating(), discriminatorSteps: 2 });
    expect(seen.splice(0)).toEqual(["networks", "loaders", "prepare more"]);
    trainingStep(gan).dispose();
    const discriminator = (update: number) => [
      `inputGradients ${update}`,
      "augment real",
      "augment fake",
      "targets 8",
      "discriminatorPenalty",
      "gradients discriminator",
      "afterStep discriminator",
    ];
    expect(seen.splice(0)).toEqual([
      ...discriminator(0),
      ...discriminator(1),
      "augment fake",
      "select",
      "generatorPenalty",
      "gradients generator",
      "extraUpdate",
      "afterStep generator",
    ]);
    drawSamples(gan, { count: 2, random: new Generator(1), averaged: true }).dispose();
    drawSamples(gan, { count: 2, random: new Generator(1), averaged: false }).dispose();
    expect(seen.splice(0)).toEqual(["sampler"]);
    loadCheckpoint(writeCheckpoint(temporaryFolder(), gan, 0), gan);
    expect(seen.splice(0)).toEqual(["state", "load"]);
  });

  it("that replace a loss get the selected rows and the targets", () => {
    const seen: string[] = [];
    const replacing = technique("replacing", () => ({
      targets: () => ({ real: 0.8 }),
      discriminatorLoss(pass) {
        seen.push(`D target ${pass.targets?.real}`);
        return pass.fakeOutput.score.mean().sub(pass.realOutput.score.mean());
      },
      generatorLoss(pass) {
        seen.push(
          `G kept ${pass.selectedOutput.score.shape} ${pass.selectedOutput.features.shape} of ${pass.fakeOutput.score.shape}`,
        );
        const { rows, fakeOutput, selectedOutput } = pass;
        expect(flat(selectedOutput.score)).toEqual(
          flat(rows === null ? fakeOutput.score : fakeOutput.score.indexSelect(0, rows)),
        );
        return pass.selectedOutput.score.mean().neg();
      },
    }));
    const gan = ganOf({ techniques: [topK({ gamma: 0.5, everySteps: 1 }), replacing], loss: nonSaturating() });
    trainingStep(gan).dispose();
    const [lossD, lossG] = flat(trainingStep(gan));
    expect(seen).toEqual(["D target 0.8", "G kept 8 8,8 of 8", "D target 0.8", "G kept 4 4,8 of 8"]);
    expect([lossD, lossG].every(Number.isFinite)).toBe(true);
  });

  it("amend images, gradients and losses", () => {
    const noticed: number[][] = [];
    const amending = technique("amending", () => ({
      augment: (images, of) => (of === "real" ? images.mul(0) : images),
      discriminatorLoss: (pass) => {
        noticed.push(flat(pass.real.abs().sum()));
        return pass.realOutput.score.sum();
      },
      discriminatorPenalty: (pass) => pass.fakeOutput.score.sum().mul(0).add(5),
      gradients: (_player, gradients) => gradients.map((gradient) => Tensor.zerosLike(gradient)),
    }));
    const gan = ganOf({ techniques: [amending] });
    const before = [...gan.generator.parameters(), ...gan.discriminator.parameters()].map(flat);
    const [lossD, , dReal] = flat(trainingStep(gan));
    expect(noticed).toEqual([[0]]);
    // With real images of 0 all outputs of real ones agree: loss = 8 D + 5, and hinge shows (D + 1) / 2.
    expect(lossD).toBeCloseTo(8 * (2 * dReal! - 1) + 5, 4);
    expect([...gan.generator.parameters(), ...gan.discriminator.parameters()].map(flat)).toEqual(before);
  });

  it("leave parameters alone that a replaced loss does not reach", () => {
    const featuresOnly = technique("featuresOnly", () => ({
      discriminatorLoss: (pass) => pass.realOutput.features.mean(),
    }));
    const gan = ganOf({ techniques: [featuresOnly] });
    const head = (): number[] => flat(gan.discriminator.stateDict().get("head.linear.weight")!);
    const before = head();
    trainingStep(gan).dispose();
    expect(head()).toEqual(before);
  });

  it("wrap samplers in the order of the recipe, the first outermost", () => {
    const seen: string[] = [];
    const wrapping = (name: string) =>
      technique(name, () => ({
        sampler(sample) {
          seen.push(`${name} begins`);
          const result = sample();
          seen.push(`${name} ends`);
          return result;
        },
      }));
    const gan = ganOf({ techniques: [wrapping("outer"), wrapping("inner")] });
    drawSamples(gan, { count: 1, random: new Generator(1), averaged: true }).dispose();
    expect(seen).toEqual(["outer begins", "inner begins", "inner ends", "outer ends"]);
  });

  it("may make as many tensors as they like: the step frees them", () => {
    const wasteful = technique("wasteful", ({ rng: random }) => ({
      discriminatorPenalty: (pass) =>
        pass.real
          .mul(Tensor.rand([1], { generator: random }))
          .mean()
          .mul(0),
      afterStep: () => void Tensor.zeros([3]).add(1),
      extraUpdate: (pass) => void pass.fake.mul(2),
    }));
    const gan = ganOf({ techniques: [wasteful] });
    trainingStep(gan).dispose();
    const before = liveTensors();
    trainingStep(gan).dispose();
    expect(liveTensors()).toBe(before);
  });

  it("see the progress of the run at the start of the step", () => {
    const seen: [string, number, number][] = [];
    const clock = technique("clock", () => ({
      afterStep: (player, { progress }) => void seen.push([player, progress.step, progress.epoch]),
    }));
    const gan = ganOf({ techniques: [clock], discriminatorSteps: 3 });
    trainingStep(gan).dispose();
    trainingStep(gan).dispose();
    // 48 images, 3 batches of 8 per step: half an epoch.
    const d = "discriminator";
    const steps = [0, 1].flatMap((i) => [...[d, d, d, "generator"].map((player) => [player, i, i / 2])]);
    expect(seen).toEqual(steps);
    expect(gan.progress).toEqual({ step: 2, epoch: 1, images: 48 });
  });

  it("can amend the networks' descriptions: a head of K outputs", () => {
    const wide = technique("wide", ({ classes }) => ({
      networks: ({ generator }) => ({ generator, discriminator: mlp.discriminator({ hidden: [5], outputs: classes }) }),
      discriminatorLoss: (pass) => {
        expect(pass.realOutput.logits.shape).toEqual([8, 2]);
        return pass.realOutput.logits.crossEntropy(pass.realLabels!);
      },
    }));
    const gan = ganOf({ techniques: [wide] });
    trainingStep(gan).dispose();
  });
});

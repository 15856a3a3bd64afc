import { describe, expect, it } from "vitest";
import { nonSaturating, wasserstein } from "../../src/losses/index.ts";
import { dcgan, mlp } from "../../src/models/index.ts";
import { MinibatchDiscrimination, MinibatchStandardDeviation } from "../../src/nn/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import {
  gradientPenalty,
  minibatchDiscrimination,
  minibatchStandardDeviation,
  r1,
  topK,
  weightAveraging,
} from "../../src/techniques/index.ts";
import { grad, noGrad } from "../../src/tensor/index.ts";
import { loadCheckpoint, loadForSampling, writeCheckpoint } from "../../src/training/run/checkpoint.ts";
import { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { filesIn, ganOf, technique, temporaryFolder, tinyConvolutions } from "../training/tiny.ts";

const few = { kernels: 4, dimensions: 3 };
const techniques = {
  minibatchDiscrimination: minibatchDiscrimination(few),
  minibatchStandardDeviation: minibatchStandardDeviation({ group: 4 }),
};
const networks: Record<string, Partial<RecipeInput>> = {
  perceptrons: {},
  "DCGAN, spectral norm": tinyConvolutions,
  "DCGAN, class-conditional, batch norm and dropout": {
    generator: dcgan.generator({ latent: 4, width: 2, conditional: true }),
    discriminator: dcgan.discriminator({ width: 2, conditional: true, batchNorm: true, dropout: 0.3 }),
  },
};
const cases = Object.entries(techniques).flatMap(([name, part]) =>
  Object.entries(networks).map(([network, parts]) => [name, network, part, parts] as const),
);

describe("techniques that compare the samples of a batch", () => {
  it.each(cases)("%s trains and resumes with the same bits: %s", (_name, _network, part, parts) => {
    const recipe = { ...parts, loss: nonSaturating(), techniques: [part, weightAveraging()] };
    const whole = ganOf(recipe);
    for (let i = 0; i < 2; i++) trainingStep(whole).dispose();
    const folder = temporaryFolder();
    const resumed = ganOf(recipe);
    loadCheckpoint(writeCheckpoint(folder, whole, 0), resumed);
    for (const gan of [whole, resumed]) for (let i = 0; i < 2; i++) trainingStep(gan).dispose();
    const [one, other] = [whole, resumed].map((gan, i) => filesIn(writeCheckpoint(`${folder}/${i}`, gan, 0)));
    expect(other).toEqual(one);
    expect([...whole.discriminator.stateDict().values()].flatMap(flat).every(Number.isFinite)).toBe(true);
  });

  it("are between the features and the last layer, in the recipe's order", () => {
    const gan = ganOf({ techniques: [techniques.minibatchStandardDeviation, techniques.minibatchDiscrimination] });
    const layers = gan.discriminator.modules().filter((module) => module.couplesSamples);
    expect(layers.map((layer) => layer.constructor)).toEqual([MinibatchStandardDeviation, MinibatchDiscrimination]);
    const state = gan.discriminator.stateDict();
    expect(state.get("head.linear.weight")!.shape).toEqual([1, 8 + 1 + 4]);
    expect(state.get("head.stage.1.project.weight_v")!.shape).toEqual([4 * 3, 8 + 1]);
    expect(flat(state.get("head.stage.1.calibrated")!)).toEqual([0]);
    trainingStep(gan).dispose();
    expect(flat(state.get("head.stage.1.calibrated")!)).toEqual([1]);
  });

  it("give the projection of a conditional discriminator the appended features too", () => {
    const discriminator = dcgan.discriminator({ width: 2, conditional: true });
    const state = ganOf({ discriminator, techniques: [techniques.minibatchDiscrimination] }).discriminator.stateDict();
    expect(state.get("head.embedding.weight")!.shape[1]).toBe(state.get("head.linear.weight")!.shape[1]);
  });

  it.each(Object.entries(techniques))("%s passes real and generated samples through D separately", (_, part) => {
    const seen: number[][] = [];
    const spy = technique("apartSpy", () => ({
      discriminatorPenalty(pass) {
        // Each half by itself: closeness within the batch, not to the other one.
        expectClose(pass.discriminate(pass.real, pass.realLabels).features, pass.realOutput.features, { atol: 1e-6 });
        expectClose(pass.discriminate(pass.fake, pass.fakeLabels).features, pass.fakeOutput.features, { atol: 1e-6 });
        const some = pass.discriminate(pass.real.narrow(0, 0, 4)).features;
        seen.push(
          flat(
            some
              .sub(pass.realOutput.features.narrow(0, 0, 4))
              .abs()
              .amax(),
          ),
        );
        return undefined;
      },
    }));
    const gan = ganOf({ techniques: [part, spy] });
    const sizes: number[] = [];
    const forward = gan.discriminator.forward.bind(gan.discriminator);
    gan.discriminator.forward = (images, labels) => {
      sizes.push(images.shape[0]!);
      return forward(images, labels);
    };
    trainingStep(gan).dispose();
    expect(sizes).toEqual([8, 8, 8, 8, 4, 8]);
    expect(seen[0]![0]).toBeGreaterThan(1e-4);
  });

  it.each(Object.entries(techniques))("%s with top-k has the gradients of the whole batch's graph", (_, part) => {
    const gradients: number[][] = [];
    const expected: number[][] = [];
    const spy = technique("rowSpy", () => ({
      gradients(player, found) {
        if (player === "generator") gradients.splice(0, gradients.length, ...found.map(flat));
        return found;
      },
    }));
    const gan = ganOf({
      ...tinyConvolutions,
      loss: nonSaturating(),
      techniques: [part, topK({ gamma: 0.5, everySteps: 1 }), spy],
    });
    trainingStep(gan).dispose();
    // The next update by hand, over one graph: the same latents come again from a copy of the stream.
    const { generator, discriminator, loss } = gan;
    const before = gan.streams.get("latents").getState();
    const labelsBefore = gan.streams.get("labels").getState();
    gan.latents(8); // D's
    gan.labels(8);
    const { latents, labels } = { latents: gan.latents(8), labels: gan.labels(8) };
    gan.streams.get("latents").setState(before);
    gan.streams.get("labels").setState(labelsBefore);
    gan.techniques.find(({ name }) => name === "rowSpy")!.afterStep = (player) => {
      if (player !== "discriminator") return;
      const scores = discriminator.forward(generator.forward(latents, labels), labels).score;
      const rows = scores.topk(4)[1];
      const wanted = grad(loss.generator(scores.indexSelect(0, rows)).mean(), generator.parameters());
      expected.push(...wanted.map(flat));
    };
    trainingStep(gan).dispose();
    expect(expected.length).toBeGreaterThan(0);
    for (const [i, values] of gradients.entries()) expectClose(values, expected[i]!, { atol: 1e-6, rtol: 1e-4 });
  });

  it.each(Object.entries(techniques))("%s goes with gradient penalties", (_, part) => {
    for (const penalty of [gradientPenalty(), r1()]) {
      const gan = ganOf({ techniques: [part, penalty], loss: wasserstein(), discriminatorSteps: 2 });
      for (let i = 0; i < 3; i++) {
        const numbers = trainingStep(gan);
        expect(flat(numbers).every(Number.isFinite)).toBe(true);
        numbers.dispose();
      }
    }
  });

  it("shows a discriminator that a generator makes one image only", () => {
    const gan = ganOf({ techniques: [minibatchDiscrimination(few)] });
    trainingStep(gan).dispose();
    const appended = noGrad(() => {
      const many = gan.generator.forward(gan.latents(8));
      const one = many.narrow(0, 0, 1).expand([8, -1, -1, -1]).contiguous();
      return [many, one].map((images) => gan.discriminator.forward(images).features.narrow(1, 8, 4).mean().item());
    });
    expect(appended[1]!).toBeGreaterThan(appended[0]! + 1);
  });

  it("are there again when a stored run is sampled from without its data", () => {
    const parts = { techniques: [techniques.minibatchDiscrimination] };
    const gan = ganOf(parts);
    trainingStep(gan).dispose();
    const path = writeCheckpoint(temporaryFolder(), gan, 0);
    const stored = new BuiltGan(gan.recipe, gan.shape);
    loadForSampling(path, stored);
    expect([...stored.discriminator.stateDict().values()].map(flat)).toEqual(
      [...gan.discriminator.stateDict().values()].map(flat),
    );
    stored.dispose();
  });

  it("refuse networks that they do not fit, by name", () => {
    expect(() => minibatchDiscrimination({ kernels: 0 })).toThrow("`minibatchDiscrimination.kernels` (=0)");
    expect(() => minibatchStandardDeviation({ group: 1 })).toThrow("`minibatchStandardDeviation.group` (=1)");
    expect(() => ganOf({ batchSize: 10, techniques: [minibatchStandardDeviation()] })).toThrow(
      "batchSize (=10) must divide into groups of `group` (=4) samples",
    );
    const headless = { ...mlp.discriminator(), kind: "headless" };
    const discriminator = {
      ...headless,
      build: (context: Parameters<typeof headless.build>[0]) =>
        mlp.discriminator({ hidden: [4] }).build({ ...context, beforeHead: undefined }),
    };
    const later = technique("later", () => ({
      networks: ({ generator }) => ({ generator, discriminator: mlp.discriminator({ hidden: [8] }) }),
    }));
    for (const [name, part] of Object.entries(techniques)) {
      expect(() => ganOf({ techniques: [part, later] })).toThrow(
        `\`${name}\`: a technique after it in the recipe describes the discriminator again and leaves it out`,
      );
      const parts = { discriminator, techniques: [part] } as Partial<RecipeInput>;
      expect(() => ganOf(parts)).toThrow("the discriminator `headless` has no head with a place before it");
    }
  });
});

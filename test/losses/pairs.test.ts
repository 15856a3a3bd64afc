/** Losses that compare D's outputs of generated images with those of real ones, in both players' updates. */
import { describe, expect, it } from "vitest";
import { seedOf } from "../../src/base/seed.ts";
import { type Loss, nonSaturating, relativistic, relativisticAverage } from "../../src/losses/index.ts";
import { dcgan, mlp } from "../../src/models/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import { topK } from "../../src/techniques/index.ts";
import { grad, liveTensors, Tensor } from "../../src/tensor/index.ts";
import { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { expectClose, expectGradients, fixture, flat } from "../nn/oracle.ts";
import { trial } from "../training/matrix/trial.ts";
import { ganOf, loaderOf, noiseImages, technique, tinyConvolutions, tinyRecipe } from "../training/tiny.ts";

const BATCH = 8;
const loss = relativistic();
const half = topK({ gamma: 0.5, everySteps: 1 });
const cases: Record<string, Partial<RecipeInput>> = {
  alone: {},
  "with spectral norm and convolutions": tinyConvolutions,
  "with labels": {
    generator: mlp.generator({ latent: 4, hidden: [8], conditional: true }),
    discriminator: mlp.discriminator({ hidden: [8], conditional: true }),
  },
  "with top-k": { techniques: [half] },
  "accumulated in 2": { accumulate: 2 },
  "accumulated in 2, with top-k": { accumulate: 2, techniques: [half] },
};

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.log1p(Math.exp(x));
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("relativistic losses", () => {
  interface Stored {
    real: number[];
    fake: number[];
    losses: Record<string, Record<"discriminator" | "generator", { value: number; real: number[]; fake: number[] }>>;
  }
  const stored = fixture<{ pairs: Stored }>("losses").pairs;
  const made: Record<string, Loss> = {
    relativistic: relativistic().build(),
    relativisticAverage: relativisticAverage().build(),
  };
  const vector = (values: readonly number[]): Tensor => Tensor.fromArray(Float64Array.from(values)).requiresGrad_();

  it.each(Object.keys(made))(
    "%s has PyTorch's values and slopes in both players' updates, also for scores of 60",
    (name) => {
      const loss = made[name]!;
      const [real, fake] = [vector(stored.real), vector(stored.fake)];
      const halves = loss.discriminator(real, fake);
      expect([halves.real.shape, halves.fake.shape]).toEqual([real.shape, real.shape]);
      const values = {
        discriminator: halves.real.mean().add(halves.fake.mean()),
        generator: loss.generator(fake, real).mean(),
      };
      for (const half of ["discriminator", "generator"] as const) {
        const expected = stored.losses[name]![half];
        expectClose([values[half].item()], [expected.value], { atol: 1e-9, rtol: 1e-9, label: half });
        const slopes = grad(values[half], [real, fake]);
        expectClose(slopes[0]!, expected.real, { atol: 1e-9, rtol: 1e-9, label: `${half}, real` });
        expectClose(slopes[1]!, expected.fake, { atol: 1e-9, rtol: 1e-9, label: `${half}, fake` });
      }
    },
  );

  it.each(Object.keys(made))(
    "%s has slopes that finite differences confirm, refuses targets, and ranks by the score",
    (name) => {
      const loss = made[name]!;
      const [real, fake] = [vector([0.3, -1.2, 2]), vector([1.1, 0.4, -0.7])];
      expectGradients([real, fake], () => {
        const halves = loss.discriminator(real, fake);
        return halves.real.mean().add(halves.fake.mean()).add(loss.generator(fake, real).mean());
      });
      expect(() => loss.discriminator(real, fake, { real: 0.9 })).toThrow(`${name}: targets have no meaning here`);
      expect(flat(loss.realness(fake))).toEqual(flat(fake));
    },
  );
});

describe("a loss of pairs", () => {
  it.each(Object.entries(cases))("gives the updates that are computed by hand: %s", (_, parts) => {
    const found: Record<string, number[][]> = {};
    const byHand: Record<string, number[][]> = {};
    const losses = { D: [] as number[], G: [] as number[] };
    const spy = technique("pairSpy", () => ({
      discriminatorPenalty({ real, fake, realLabels, fakeLabels, discriminate }, { discriminator }) {
        const [x, y] = [discriminate(real, realLabels).score, discriminate(fake, fakeLabels).score];
        const gaps = flat(x.sub(y));
        losses.D.push(mean(gaps.map((gap) => softplus(-gap))));
        // d softplus(-(x - y)) / dx = -sigmoid(-(x - y)), and the opposite for y.
        const slopes = x.detach().sub(y.detach()).neg().sigmoid().div(BATCH);
        const gradients = grad([x, y], discriminator.parameters(), { gradOutputs: [slopes.neg(), slopes] });
        byHand.discriminator = gradients.map((gradient) => flat(gradient!));
        return undefined;
      },
      generatorPenalty({ latents, labels, rows, real, discriminate }, { generator }) {
        const kept = rows === null ? [...Array(BATCH).keys()] : flat(rows);
        const scores = discriminate(generator.forward(latents, labels), labels).score;
        const x = flat(discriminate(real().images, real().labels).score);
        const gaps = kept.map((row) => flat(scores)[row]! - x[row]!);
        losses.G.push(mean(gaps.map((gap) => softplus(-gap))));
        const slopes = scores.detach().mul(0);
        for (const [i, row] of kept.entries()) slopes.narrow(0, row, 1).fill_(-sigmoid(-gaps[i]!) / kept.length);
        const gradients = grad(scores, generator.parameters(), { gradOutputs: [slopes] });
        byHand.generator = gradients.map((gradient) => flat(gradient!));
        return undefined;
      },
      gradients(player, gradients) {
        found[player] = gradients.map(flat);
        return gradients;
      },
    }));
    const gan = ganOf({ ...parts, loss, techniques: [...(parts.techniques ?? []), spy] });
    const numbers = [0, 1].map(() => flat(trainingStep(gan)));
    expectClose(
      numbers.map(([lossD]) => lossD!),
      losses.D,
      { atol: 1e-6 },
    );
    expectClose(
      numbers.map(([, lossG]) => lossG!),
      losses.G,
      { atol: 1e-6 },
    );
    for (const player of ["discriminator", "generator"] as const) {
      const expected = byHand[player]!;
      expect(Math.max(...expected.flat().map(Math.abs))).toBeGreaterThan(1e-4);
      for (const [i, values] of found[player]!.entries()) {
        expectClose(values, expected[i]!, { atol: 1e-6, rtol: 1e-4, label: `${player} ${i}` });
      }
    }
    if (parts.techniques !== undefined) expect(gan.techniques[0]!.report!()).toEqual({ k: BATCH / 2 });
  });

  it.each(Object.entries(cases))("resumes to the same bits: %s", async (_, parts) => {
    const outcome = await trial(tinyRecipe({ ...parts, data: noiseImages() as RecipeInput["data"], loss }), 6);
    expect(Object.keys((outcome as { bits: object }).bits)).toContain("loader real");
  });

  it("takes real images in an order of its own, and changes no other draws", () => {
    const drawn = (given: Partial<RecipeInput>): { training: number[][]; pairs: number[][] } => {
      const [training, pairs]: number[][][] = [[], []];
      const spy = technique("drawSpy", ({ rng }) => ({
        pairs: true,
        augment: (images) => images.add(1),
        discriminatorPenalty: (pass) =>
          void training!.push(flat(pass.rawReal), flat(pass.latents), flat(pass.fakeLabels!)),
        generatorPenalty(pass) {
          training!.push(flat(pass.latents), flat(pass.labels!));
          if (given.loss === undefined) return undefined;
          const { raw, images, labels } = pass.real();
          expect(pass.real().images).toBe(images);
          expect(flat(images)).toEqual(flat(raw.add(1)));
          pairs!.push(flat(raw), flat(labels!));
          return undefined;
        },
        afterStep: () => void training!.push(Array.from(rng.getState().toArray(), Number)),
      }));
      const gan = ganOf({ ...given, techniques: [spy] });
      for (let i = 0; i < 3; i++) trainingStep(gan).dispose();
      if (given.loss === undefined) return { training: training!, pairs: [] };
      const loader = gan.loader.auxiliary!({}, seedOf(gan.recipe.seed, "data.real"));
      const expected = [0, 1, 2].flatMap(() => {
        const { images, labels } = loader.next();
        return [flat(images), flat(labels!)];
      });
      expect(pairs).toEqual(expected);
      return { training: training!, pairs: pairs! };
    };
    const { training, pairs } = drawn({ loss });
    expect(training).toEqual(drawn({}).training);
    expect(training).not.toContainEqual(pairs[0]);
  });

  it("leaves D's statistics alone, and no tensors behind", () => {
    const discriminator = dcgan.discriminator({ width: 2, batchNorm: true, spectralNorm: true });
    const buffers = (network: { namedBuffers(): Map<string, Tensor> }): number[][] =>
      [...network.namedBuffers().values()].map(flat);
    let before: number[][] = [];
    const spy = technique("statisticsSpy", () => ({
      select(_realness, gan) {
        before = buffers(gan.discriminator);
        return null;
      },
      generatorPenalty(pass, gan) {
        expect(pass.real().output.score.requiresGrad).toBe(false);
        expect(buffers(gan.discriminator)).toEqual(before);
        return undefined;
      },
    }));
    for (const accumulate of [1, 2]) {
      const gan = ganOf({ ...tinyConvolutions, discriminator, loss, accumulate, techniques: [spy] });
      trainingStep(gan).dispose();
      const before = liveTensors();
      trainingStep(gan).dispose();
      expect(liveTensors()).toBe(before);
    }
  });
});

describe("real images in the generator's update", () => {
  it("are refused where no part declares them, and where the data cannot give them", () => {
    const asking = technique("asking", () => ({ generatorPenalty: (pass) => pass.real().output.score.mean() }));
    expect(() => trainingStep(ganOf({ techniques: [asking] }))).toThrow(
      "`pass.real()` in the generator's update: a technique that calls it must declare `pairs: true`",
    );
    const shape = { sample: { features: 2 }, classes: [] };
    expect(() => new BuiltGan(tinyRecipe({ loss }), shape, loaderOf([]))).toThrow(
      "`relativistic` needs an auxiliary loader (real), which the data of this run cannot give",
    );
  });

  it("can be used by a technique with any loss", () => {
    const seen: number[] = [];
    const asking = technique("declaring", () => ({
      pairs: true,
      generatorPenalty(pass) {
        seen.push(pass.real().selectedOutput.hidden[0]!.shape[0]!);
        const rows = pass.rows;
        const { output, selectedOutput } = pass.real();
        const expected = rows === null ? output.score : output.score.indexSelect(0, rows);
        expect(flat(selectedOutput.score)).toEqual(flat(expected));
        return undefined;
      },
    }));
    const gan = ganOf({ loss: nonSaturating(), techniques: [half, asking] });
    trainingStep(gan).dispose();
    trainingStep(gan).dispose();
    expect(seen).toEqual([8, 4]);
  });
});

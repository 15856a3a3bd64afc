import { describe, expect, it } from "vitest";
import { seedOf } from "../../src/base/seed.ts";
import { hinge, nonSaturating, wasserstein } from "../../src/losses/index.ts";
import { dcgan, mlp } from "../../src/models/index.ts";
import { adam } from "../../src/optim/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import { topK, weightAveraging } from "../../src/techniques/index.ts";
import { Generator, keep, liveTensors, noGrad, scope, Tensor } from "../../src/tensor/index.ts";
import { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { expectClose, fixture, flat } from "../nn/oracle.ts";
import { ganOf, loaderOf, technique, tinyConvolutions, tinyRecipe } from "./tiny.ts";

type State = Record<string, number[]>;
interface Steps {
  start: { generator: State; discriminator: State };
  batches: number[][];
  latents: number[][];
  numbers: number[][];
  end: { generator: State; discriminator: State; average: State };
}
const stored = fixture<{ steps: Record<string, Steps> }>("techniques").steps;

/** The recipes that make_techniques.py writes out in plain PyTorch. */
const recipes: Record<string, Partial<RecipeInput>> = {
  hinge: { loss: hinge() },
  nonSaturating: { loss: nonSaturating() },
  all: {
    loss: nonSaturating(),
    discriminator: mlp.discriminator({ hidden: [6, 6], spectralNorm: true }),
    discriminatorSteps: 2,
    techniques: [topK({ gamma: 0.75, floor: 0.5, everySteps: 1 }), weightAveraging({ decay: 0.9 })],
  },
};

function expectState(actual: ReadonlyMap<string, Tensor>, expected: State, label: string): void {
  expect([...actual.keys()].sort()).toEqual(Object.keys(expected).sort());
  for (const [name, tensor] of actual) {
    expectClose(tensor, expected[name]!, { atol: 1e-5, rtol: 1e-5, label: `${label} ${name}` });
  }
}

describe("three training steps agree with the same steps written by hand in PyTorch", () => {
  it.each(Object.keys(recipes))("%s", (name) => {
    const { start, batches, latents, numbers, end } = stored[name]!;
    const recipe = tinyRecipe({
      generator: mlp.generator({ latent: 3, hidden: [6, 6] }),
      discriminator: mlp.discriminator({ hidden: [6, 6] }),
      optimizers: {
        generator: adam({ lr: 1e-2, betas: [0.5, 0.9] }),
        discriminator: adam({ lr: 2e-2, betas: [0.5, 0.9] }),
      },
      ...recipes[name],
    });
    const tensor = (values: number[], columns: number): Tensor =>
      Tensor.fromArray(Float32Array.from(values), [8, columns]);
    const loader = loaderOf(batches.map((values) => tensor(values, 4)));
    const gan = new BuiltGan(recipe, { sample: { features: 4 }, classes: [] }, loader);
    let drawn = 0;
    gan.latents = () => tensor(latents[drawn++]!, 3);
    for (const player of ["generator", "discriminator"] as const) {
      const network = gan[player];
      const state = Object.entries(start[player]).map(([key, values]) => {
        const { shape } = network.stateDict().get(key)!;
        return [key, Tensor.fromArray(Float32Array.from(values), shape)] as const;
      });
      network.loadStateDict(new Map(state));
    }
    const averaging = gan.techniques.find((one) => one.name === "weightAveraging");
    averaging?.prepare?.(gan, {}); // once more, from the weights just loaded

    for (const expected of numbers) expectClose(trainingStep(gan), expected, { atol: 1e-5, rtol: 1e-5 });
    expect(drawn).toBe(latents.length);
    expectState(gan.generator.stateDict(), end.generator, "generator");
    expectState(gan.discriminator.stateDict(), end.discriminator, "discriminator");
    if (averaging) expectState(averaging.state!().tensors, end.average, "average");
  });
});

describe("a training step", () => {
  it("tells the means over its discriminator updates", () => {
    const seen: number[][] = [];
    const spy = technique("meanSpy", () => ({
      discriminatorPenalty(pass, gan) {
        const { real, fake } = gan.loss.discriminator(pass.realOutput.score, pass.fakeOutput.score);
        const shown = [pass.realOutput, pass.fakeOutput].map(({ score }) => gan.loss.probability(score).mean().item());
        seen.push([real.mean().item() + fake.mean().item() + 0.25, ...shown]);
        return Tensor.full([], 0.25);
      },
    }));
    const gan = ganOf({ techniques: [spy], discriminatorSteps: 3 });
    const [lossD, , dReal, dFake] = flat(trainingStep(gan));
    const mean = (i: number): number => seen.reduce((sum, row) => sum + row[i]!, 0) / 3;
    expect(seen.length).toBe(3);
    expectClose([lossD!, dReal!, dFake!], [0, 1, 2].map(mean), { atol: 1e-6 });
  });

  it("draws new labels for generated samples in each update, and the samples are of these classes", () => {
    const drawn: number[][] = [];
    const spy = technique("labelSpy", () => ({
      discriminatorPenalty(pass, { generator }) {
        expect(flat(pass.fakeLabels!)).not.toEqual(flat(pass.realLabels!));
        drawn.push(flat(pass.fakeLabels!));
        expect(flat(pass.rawFake)).toEqual(flat(noGrad(() => generator.forward(pass.latents, pass.fakeLabels))));
        return undefined;
      },
      generatorPenalty: (pass) => void drawn.push(flat(pass.labels!)),
    }));
    const generator = mlp.generator({ latent: 4, hidden: [8], conditional: true });
    const gan = ganOf({ generator, techniques: [spy], discriminatorSteps: 2 }, { count: 48, size: 16, classes: 5 });
    trainingStep(gan).dispose();
    const stream = { generator: new Generator(seedOf(gan.recipe.seed, "labels")) };
    expect(drawn).toEqual([0, 1, 2].map(() => flat(Tensor.randint(0, 5, [8], stream))));
  });

  it("clips the weights of a critic that asks for it, each update", () => {
    const gan = ganOf({ loss: wasserstein({ clip: 0.003 }) });
    trainingStep(gan).dispose();
    const largest = Math.max(...gan.discriminator.parameters().flatMap(flat).map(Math.abs));
    expect(largest).toBeCloseTo(0.003, 6);
  });

  it("works in the recipe's memory format", () => {
    for (const memoryFormat of ["channelsLast", "contiguous"] as const) {
      const seen: Tensor[] = [];
      const spy = technique("formatSpy", () => ({
        discriminatorPenalty: (pass) => void seen.push(keep(pass.real), keep(pass.fake)),
      }));
      const gan = ganOf({ ...tinyConvolutions, techniques: [spy], memoryFormat }, { count: 16, size: 32, classes: 0 });
      trainingStep(gan).dispose();
      const weights = [...gan.generator.parameters(), ...gan.discriminator.parameters()].filter(
        ({ ndim }) => ndim === 4,
      );
      const state = [...gan.optimizers.generator.state().values()].filter(({ ndim }) => ndim === 4);
      expect(weights.length * state.length).toBeGreaterThan(0);
      for (const tensor of [...weights, ...state]) expect(tensor.isContiguous(memoryFormat)).toBe(true);
      for (const tensor of seen) {
        expect(tensor.isContiguous(memoryFormat)).toBe(true);
        tensor.dispose();
      }
    }
  });

  it("frees all that it made, with everything on", () => {
    const gan = ganOf({
      ...tinyConvolutions,
      techniques: [topK({ gamma: 0.5, everySteps: 1 }), weightAveraging()],
      discriminatorSteps: 2,
      memoryFormat: "channelsLast",
    });
    trainingStep(gan).dispose();
    const before = liveTensors();
    for (let i = 0; i < 3; i++) trainingStep(gan).dispose();
    expect(liveTensors()).toBe(before);
  });

  it("frees all that it made when a technique throws", () => {
    const failing = technique("failing", () => ({
      gradients(player, gradients) {
        if (player === "generator") throw new Error("no");
        return gradients;
      },
    }));
    const gan = ganOf({ techniques: [failing] });
    const before = liveTensors();
    expect(() => trainingStep(gan)).toThrow("no");
    expect(liveTensors()).toBe(before);
  });
});

describe("a built GAN", () => {
  it("frees everything when it is disposed of", () => {
    const before = liveTensors();
    const recipe = tinyRecipe({ ...tinyConvolutions, techniques: [topK(), weightAveraging()] });
    const gan = scope(() => new BuiltGan(recipe, { sample: { channels: 1, size: 16 }, classes: [] }));
    expect(liveTensors()).toBeGreaterThan(before);
    gan.dispose();
    expect(liveTensors()).toBe(before);
  });

  it("has its own draws from the default generator, whatever other GANs of the process do", () => {
    const dropout = { discriminator: dcgan.discriminator({ width: 2, dropout: 0.5 }) };
    const follow = (between: () => void): number[][] => {
      const gan = ganOf(dropout);
      return [0, 1, 2].map(() => {
        between();
        trainingStep(gan).dispose();
        return flat(gan.discriminator.parameters()[0]!);
      });
    };
    const alone = follow(() => {});
    const other = ganOf({ ...dropout, seed: 9 });
    expect(follow(() => trainingStep(other).dispose())).toEqual(alone);
    expect(
      follow(() => {
        const passing = ganOf({ ...dropout, seed: 4 });
        trainingStep(passing).dispose();
        passing.dispose();
      }),
    ).toEqual(alone);
  });
});

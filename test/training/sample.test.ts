import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { dcgan, mlp, noisyMlp } from "../../src/models/index.ts";
import { weightAveraging } from "../../src/techniques/index.ts";
import { Generator, liveTensors, scope, Tensor } from "../../src/tensor/index.ts";
import { generatedImages } from "../../src/training/evaluation/generated-images.ts";
import { drawSamples, type SampleOptions } from "../../src/training/sampling/sample.ts";
import type { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { flat } from "../nn/oracle.ts";
import { ganOf, technique, tinyConvolutions } from "./tiny.ts";

const draw = (gan: BuiltGan, options: Partial<SampleOptions> = {}): Tensor =>
  drawSamples(gan, { count: 4, random: new Generator(7), averaged: true, ...options });

/** The latents and labels that the generator is given while `body` runs. */
function inputsOf(gan: BuiltGan, body: () => void): { latents: number[]; labels: number[]; batches: number[] } {
  const seen = { latents: [] as number[], labels: [] as number[], batches: [] as number[] };
  const { generator } = gan;
  const forward = generator.forward.bind(generator);
  generator.forward = (z, labels) => {
    seen.latents.push(...flat(z));
    if (labels) seen.labels.push(...flat(labels));
    seen.batches.push(z.shape[0]!);
    return forward(z, labels);
  };
  try {
    body();
  } finally {
    generator.forward = forward;
  }
  return seen;
}

describe("drawing samples", () => {
  it("gives images in [-1, 1], the same for the same seed", () => {
    const gan = ganOf(tinyConvolutions);
    const images = draw(gan);
    expect(images.shape).toEqual([4, 1, 16, 16]);
    expect(flat(images).every((value) => Math.abs(value) <= 1)).toBe(true);
    expect(flat(draw(gan))).toEqual(flat(images));
    expect(flat(draw(gan, { random: new Generator(8) }))).not.toEqual(flat(images));
  });

  it("goes in pieces of 64, with one stream through all", () => {
    const gan = ganOf();
    let images: Tensor | undefined;
    const { latents, batches } = inputsOf(gan, () => {
      images = draw(gan, { count: 150 });
    });
    expect(batches).toEqual([64, 64, 22]);
    expect(images!.shape).toEqual([150, 1, 16, 16]);
    const whole = new Generator(7);
    const expected = batches.flatMap((size) => flat(Tensor.randn([size, 4], { generator: whole })));
    expect(latents).toEqual(expected);
  });

  it("redraws latents beyond the threshold, and only these", () => {
    const gan = ganOf();
    const plain = inputsOf(gan, () => draw(gan, { count: 64 })).latents;
    const truncated = inputsOf(gan, () => draw(gan, { count: 64, truncation: 0.7 })).latents;
    expect(plain.some((value) => Math.abs(value) > 0.7)).toBe(true);
    expect(truncated.every((value) => Math.abs(value) <= 0.7)).toBe(true);
    for (const [i, value] of plain.entries()) if (Math.abs(value) <= 0.7) expect(truncated[i]).toBe(value);
    // A truncated normal, not a clamped one: nothing piles up at the threshold.
    expect(truncated.filter((value) => Math.abs(value) > 0.699).length).toBeLessThan(5);
  });

  it("takes latents from the recipe's distribution", () => {
    const gan = ganOf({ latentDistribution: "uniform" });
    const { latents } = inputsOf(gan, () => draw(gan, { count: 500 }));
    expect(latents.every((value) => value >= -1 && value < 1)).toBe(true);
    const mean = latents.reduce((sum, value) => sum + value, 0) / latents.length;
    const square = latents.reduce((sum, value) => sum + value * value, 0) / latents.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(square).toBeCloseTo(1 / 3, 1);
  });

  it("takes all classes in turn, or one", () => {
    const parts = { generator: mlp.generator({ latent: 4, hidden: [8], conditional: true }) };
    const gan = ganOf(parts, { count: 12, size: 16, classes: 3 });
    expect(inputsOf(gan, () => draw(gan, { count: 7 })).labels).toEqual([0, 1, 2, 0, 1, 2, 0]);
    const across = inputsOf(gan, () => draw(gan, { count: 130 })).labels;
    expect(across).toEqual(Array.from({ length: 130 }, (_, i) => i % 3));
    const { images } = generatedImages(gan, "run", { count: 1_100, seed: 1, averaged: true, mode: "eval" });
    const scored = inputsOf(gan, () => scope(() => [...(images.batches(100) as Iterable<Tensor>)].length)).labels;
    expect(scored).toEqual(Array.from({ length: 1_100 }, (_, i) => i % 3));
    expect(inputsOf(gan, () => draw(gan, { classIndex: 2 })).labels).toEqual([2, 2, 2, 2]);
  });

  it("refuses what does not fit, by name", () => {
    const gan = ganOf();
    expect(() => draw(gan, { count: 0 })).toThrow(UserError);
    expect(() => draw(gan, { count: 1.5 })).toThrow("count (=1.5) must be a whole number above 0");
    expect(() => draw(gan, { classIndex: 2 })).toThrow("class (=2) must be a number from 0 to 1");
    expect(() => draw(gan, { truncation: 0 })).toThrow("truncation (=0) must be a number of at least 0.01");
    expect(() => draw(gan, { classIndex: 1 })).toThrow(
      "class (=1): the generator of this run was trained without classes; to have them, train with --set generator.conditional=true",
    );
    const blind = ganOf({ generator: noisyMlp.generator({ latent: 4, hidden: [8] }) });
    expect(() => draw(blind, { classIndex: 1 })).toThrow(/was trained without classes$/);
    const without = ganOf({}, { count: 12, size: 16, classes: 0 });
    expect(() => draw(without, { classIndex: 0 })).toThrow("class (=0): this run's data has no classes");
  });
});

describe("sampling leaves training alone", () => {
  const parts = {
    generator: dcgan.generator({ latent: 4, width: 2, spectralNorm: true }),
    discriminator: dcgan.discriminator({ width: 2, spectralNorm: true, dropout: 0.5 }),
  };
  /** As a collector of standing statistics would: it draws latents and runs the generator in train mode. */
  const greedy = technique("greedy", () => {
    let gan: BuiltGan;
    return {
      prepare(built) {
        gan = built as BuiltGan;
      },
      sampler(sample) {
        Tensor.rand([3]).dispose();
        gan.latents(5);
        gan.labels(5);
        gan.streams.get("new");
        return sample();
      },
    };
  });

  it.each([
    ["with averaged weights", [weightAveraging()]],
    ["with a sampler that draws", [greedy]],
    ["plainly", []],
  ])("%s", (_, techniques) => {
    const end = (sampling: boolean): unknown => {
      const gan = ganOf({ ...parts, techniques });
      for (let i = 0; i < 3; i++) {
        trainingStep(gan).dispose();
        if (!sampling) continue;
        for (const mode of ["eval", "train"] as const) draw(gan, { averaged: i !== 1, truncation: 1, mode }).dispose();
      }
      const states = [gan.generator.stateDict(), gan.discriminator.stateDict(), gan.streams.state()];
      return states.map((state) => [...state].map(([name, tensor]) => [name, flat(tensor)]));
    };
    expect(end(true)).toEqual(end(false));
  });

  it("in train mode, and with nothing left over", () => {
    const gan = ganOf({ ...parts, techniques: [weightAveraging(), greedy] });
    const before = liveTensors();
    draw(gan).dispose();
    expect(gan.generator.modules().every((module) => module.training)).toBe(true);
    expect(liveTensors()).toBe(before);
  });
});

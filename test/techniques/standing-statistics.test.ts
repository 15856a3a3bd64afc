import { describe, expect, it } from "vitest";
import { protocolLines } from "../../src/cli/evaluate/text.ts";
import { biggan, dcgan, mlp } from "../../src/models/index.ts";
import { BatchNorm1d, StandingStatistics } from "../../src/nn/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import { standingStatistics, virtualBatchNorm, weightAveraging } from "../../src/techniques/index.ts";
import { Generator, liveTensors, noGrad, scope, Tensor } from "../../src/tensor/index.ts";
import { generatedImages } from "../../src/training/evaluation/generated-images.ts";
import { loadForSampling, writeCheckpoint } from "../../src/training/run/checkpoint.ts";
import { drawSamples, type SampleOptions } from "../../src/training/sampling/sample.ts";
import type { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { contextOf, expectClose, fixture, flat } from "../nn/oracle.ts";
import { ganOf, temporaryFolder, tinyConvolutions } from "../training/tiny.ts";

const draw = (gan: BuiltGan, options: Partial<SampleOptions> = {}): number[] =>
  flat(drawSamples(gan, { count: 3, random: new Generator(5), averaged: true, ...options }));

/** How often the generator runs while `body` runs, without the samples themselves. */
function passesOf(gan: BuiltGan, body: () => void): number {
  const { generator } = gan;
  const forward = generator.forward.bind(generator);
  let passes = 0;
  generator.forward = (z, labels) => {
    if (z.shape[0] === 4) passes++;
    return forward(z, labels);
  };
  try {
    body();
  } finally {
    generator.forward = forward;
  }
  return passes;
}

const gan = (techniques: RecipeInput["techniques"], parts: Partial<RecipeInput> = tinyConvolutions): BuiltGan => {
  const built = ganOf({ ...parts, techniques });
  for (let i = 0; i < 2; i++) trainingStep(built).dispose();
  return built;
};
const standing = standingStatistics({ batches: 3, batchSize: 4 });

describe("StandingStatistics", () => {
  it("are the means of the batches' means and unbiased variances, PyTorch's cumulative average", () => {
    const { batches, mean, variance } = fixture<Record<string, number[]> & { batches: number[][][] }>(
      "standing-statistics",
    );
    const norm = new BatchNorm1d(contextOf(), 3);
    const parent = new (class extends BatchNorm1d {
      readonly inner = this.registerModule("inner", norm);
      override forward = (x: Tensor): Tensor => norm.forward(x);
    })(contextOf(), 3, { trackRunningStats: false });
    const before = [...norm.stateDict().values()].map(flat);
    const statistics = new StandingStatistics(parent);
    const inputs = batches.map((rows) => Tensor.fromArray(rows).double());
    for (const given of [inputs, [...inputs].reverse()]) {
      const left = [...given];
      statistics.collect(given.length, () => {
        parent.forward(left.shift()!);
      });
      statistics.use(() => {
        const buffers = norm.namedBuffers();
        expectClose(buffers.get("running_mean")!, mean!, { atol: 1e-12 });
        expectClose(buffers.get("running_var")!, variance!, { atol: 1e-12 });
      });
    }
    // The closed form, without PyTorch.
    const closed = inputs
      .map((x) => flat(x.mean([0])))
      .reduce((sum, m) => sum.map((s, j) => s + m[j]! / inputs.length), [0, 0, 0]);
    expectClose(closed, mean!, { atol: 1e-12 });
    expect([...norm.stateDict().values()].map(flat)).toEqual(before);
    expect([norm.momentum, norm.training, parent.training]).toEqual([0.1, true, true]);
  });

  it("leave everything as it was when a pass fails", () => {
    const norm = new BatchNorm1d(contextOf(), 2);
    const parent = new (class extends BatchNorm1d {
      readonly inner = this.registerModule("inner", norm);
    })(contextOf(), 2);
    const statistics = new StandingStatistics(parent);
    parent.eval();
    norm.train();
    expect(() =>
      statistics.collect(2, () => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect([norm.momentum, norm.training, parent.training]).toEqual([0.1, true, false]);
  });
});

describe("standingStatistics", () => {
  it.each<[string, Partial<RecipeInput>, number]>([
    ["dcgan", tinyConvolutions, 16],
    ["class-conditional", { generator: biggan.generator({ latent: 8, width: 2, shared: 4 }) }, 32],
  ])("draws as a generator in whose buffers the statistics of the averages stand: %s", (_, parts, size) => {
    const built = ganOf(
      { ...parts, techniques: [weightAveraging({ decay: 0.8 }), standing] },
      { count: 48, size, classes: 2 },
    );
    for (let i = 0; i < 2; i++) trainingStep(built).dispose();
    const drawn = draw(built);
    expect(draw(built)).toEqual(drawn);

    // The oracle: the averages as the network's own weights, and its running statistics by its own batch norms.
    const { generator } = built;
    const random = built.streams.get("technique.standingStatistics");
    generator.loadStateDict(built.techniques[0]!.state!().tensors);
    generator.eval();
    const norms = [...generator.namedModules()].filter(([path]) =>
      generator.namedBuffers().has(`${path}.running_mean`),
    );
    const sums = new Map<string, Tensor>();
    noGrad(() =>
      built.streams.aside(() => {
        for (const [, norm] of norms) norm.train();
        for (let i = 0; i < 3; i++) {
          for (const [, norm] of norms) (norm as BatchNorm1d).momentum = 1;
          generator.forward(built.latents(4, random), built.labels(4, random));
          for (const [path] of norms) {
            for (const name of [`${path}.running_mean`, `${path}.running_var`]) {
              const now = generator.namedBuffers().get(name)!.clone();
              sums.set(name, sums.get(name)?.add(now) ?? now);
            }
          }
        }
        for (const [name, sum] of sums) generator.namedBuffers().get(name)!.copy_(sum.div(3));
        return [...sums.values()];
      }),
    );
    generator.train();
    expectClose(draw(built, { averaged: false }), drawn, { atol: 2e-5 });
  });

  it("is computed once for each state of the weights", () => {
    const built = gan([standing]);
    expect(passesOf(built, () => draw(built))).toBe(3);
    expect(passesOf(built, () => draw(built))).toBe(0);
    const untouched = gan([standing]);
    expect(passesOf(untouched, () => draw(untouched, { mode: "train" }))).toBe(0);
    const images = generatedImages(built, "run", { count: 600, seed: 1, averaged: true, mode: "eval" });
    expect(passesOf(built, () => scope(() => [...(images.images.batches(200) as Iterable<Tensor>)].length))).toBe(0);
    trainingStep(built).dispose();
    expect(passesOf(built, () => draw(built))).toBe(3);
  });

  it("changes nothing of the training, and nothing is left over", () => {
    const end = (techniques: RecipeInput["techniques"], sampling: boolean): unknown => {
      const built = ganOf({ ...tinyConvolutions, techniques });
      for (let i = 0; i < 3; i++) {
        trainingStep(built).dispose();
        if (sampling) draw(built);
      }
      const states = [built.generator.stateDict(), built.discriminator.stateDict(), built.streams.state()];
      return states.map((state) =>
        [...state].filter(([name]) => !name.includes("standing")).map(([name, tensor]) => [name, flat(tensor)]),
      );
    };
    expect(end([standing], true)).toEqual(end([], false));
    const built = gan([standing]);
    const before = liveTensors();
    const images = drawSamples(built, { count: 3, random: new Generator(5), averaged: true });
    images.dispose();
    expect(liveTensors()).toBe(before);
  });

  it("is left out without averaged weights and in train mode, and the protocol says what was done", () => {
    const built = gan([standing]);
    const plain = gan([]);
    expect(draw(built, { averaged: false })).toEqual(draw(plain));
    expect(draw(built, { mode: "train" })).toEqual(draw(plain, { mode: "train" }));
    expect(draw(built)).not.toEqual(draw(plain));
    const drawing = (techniques: RecipeInput["techniques"], averaged: boolean, mode: "eval" | "train") =>
      generatedImages(ganOf({ techniques, ...tinyConvolutions }), "x", { count: 3, seed: 1, averaged, mode }).drawing;
    const collected = { batches: 3, batchSize: 4 };
    expect(drawing([standing], true, "eval")).toMatchObject({ averaged: false, standing: collected });
    expect(drawing([weightAveraging(), standing], true, "eval")).toMatchObject({ averaged: true, standing: collected });
    expect(drawing([standing], true, "train")).not.toHaveProperty("standing");
    expect(drawing([weightAveraging(), standing], false, "eval")).not.toHaveProperty("standing");
    const protocol = {
      features: "f",
      featuresHash: "0",
      resizer: "r",
      quantiser: "q",
      real: null,
      fakeCount: 3,
      options: {},
      seeds: [0],
    };
    const lines = protocolLines([
      { name: "fid", value: 1, better: "lower", protocol: { ...protocol, drawing: drawing([standing], true, "eval") } },
    ]);
    expect(lines.join("\n")).toContain("weights of the step, eval mode, standing statistics of 3 batches of 4");
  });

  it("is used for samples of a stored run", () => {
    const built = gan([weightAveraging({ decay: 0.5 }), standing]);
    const folder = temporaryFolder();
    const path = writeCheckpoint(folder, built, 0);
    const drawn = draw(built);
    const other = gan([weightAveraging({ decay: 0.5 }), standing], { ...tinyConvolutions, seed: 9 });
    draw(other);
    loadForSampling(path, other);
    // Another run's stream: the same one is what a stored run has.
    other.streams
      .get("technique.standingStatistics")
      .setState(built.streams.get("technique.standingStatistics").getState());
    expect(draw(other)).toEqual(drawn);
  });

  it("refuses networks without running statistics, the wrong order and options out of range, by name", () => {
    expect(() => ganOf({ techniques: [standing], generator: mlp.generator({ latent: 4, hidden: [8] }) })).toThrow(
      "`standingStatistics`: the network has no batch norm that keeps running statistics",
    );
    const virtual = { ...tinyConvolutions, generator: dcgan.generator({ latent: 4, width: 2 }) };
    expect(() => ganOf({ ...virtual, techniques: [virtualBatchNorm(), standing] })).toThrow(
      "`standingStatistics`: the network has virtual batch norm, which keeps no running statistics",
    );
    expect(() => ganOf({ ...tinyConvolutions, techniques: [standing, weightAveraging()] })).toThrow(
      "`standingStatistics` must stand after `weightAveraging` in `techniques`: its statistics are to be those of the averaged weights",
    );
    expect(() => standingStatistics({ batches: 0 })).toThrow("`standingStatistics.batches` (=0) must be at least 1");
    expect(() => standingStatistics({ batchSize: 1 })).toThrow(
      "`standingStatistics.batchSize` (=1) must be at least 2",
    );
  });
});

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  hinge,
  type Loss,
  leastSquares,
  minimax,
  nonSaturating,
  relativistic,
  relativisticAverage,
  wasserstein,
} from "../../src/losses/index.ts";
import { mlp } from "../../src/models/index.ts";
import { linear } from "../../src/optim/index.ts";
import { type Gan, r1, r2, topK } from "../../src/techniques/index.ts";
import { Generator, getRngState, grad, Tensor } from "../../src/tensor/index.ts";
import { startRun } from "../../src/training/index.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { TEST_DEVICE } from "../device/device.ts";
import { contextOf, expectClose, expectGradients, fill, flat, noise } from "../nn/oracle.ts";
import { ganOf, technique, temporaryFolder, tinyRecipe } from "../training/tiny.ts";

type Options = NonNullable<Parameters<typeof topK>[0]>;

/** k that the technique reports, and the rows that it selects, of `batch` scores after the given epochs or steps. */
function select(
  options: Options,
  batch: number,
  progress: { epoch?: number; step?: number; images?: number },
  scores?: Tensor,
  random = new Generator(1),
) {
  const context = { batchSize: batch, image: { features: 1 }, classes: 0, device: TEST_DEVICE, rng: random };
  const built = topK(options).build(context);
  const gan = { progress: { epoch: 0, step: 0, ...progress } } as Gan;
  const selection = built.select!(scores ?? noise([batch], 4), gan, undefined);
  const weights = selection?.weights && flat(selection.weights);
  // What is not to be kept has weight 0, and another row's number.
  const rows = selection && flat(selection.rows).filter((_, i) => weights?.[i] !== 0);
  return { k: built.report!().k, rows, weights, factor: selection?.factor };
}

describe("k of each class", () => {
  const labels = Tensor.fromArray(BigInt64Array.from([0n, 1n, 0n, 1n, 0n, 0n, 2n, 0n]));
  const scores = Tensor.fromArray([0.1, 5, 0.3, 4, 0.5, 0.4, -9, 0.2]);
  const keptOf = (options: Options, given: Tensor | undefined = labels, from = scores): number[] | null => {
    const context = { batchSize: 8, image: { features: 1 }, classes: 3, device: TEST_DEVICE };
    const built = topK({ gamma: 0.5, floor: 0.01, perClass: true, ...options }).build({
      ...context,
      rng: new Generator(1),
    });
    const selection = built.select!(from, { progress: { epoch: 1, step: 0 } } as Gan, given);
    return selection && flat(selection.rows);
  };

  it("is a share of its rows in the batch, rounded, and at least 1", () => {
    // 5, 2 and 1 rows: 2.5, 1 and 0.5 of them
    expect(keptOf({})).toEqual([1, 2, 4, 5, 6]);
    expect(keptOf({ rounding: "floor" })).toEqual([1, 4, 5, 6]);
    expect(keptOf({ keep: "bottom" })).toEqual([0, 2, 3, 6, 7]);
    expect(keptOf({ perClass: false })).toEqual([1, 3, 4, 5]);
    expect(keptOf({ gamma: 1 })).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("leaves out scores that are not finite, even if that is all of a class", () => {
    const broken = Tensor.fromArray([0.1, Number.NaN, 0.3, 4, Number.POSITIVE_INFINITY, 0.4, Number.NaN, 0.2]);
    expect(keptOf({}, labels, broken)).toEqual([2, 3, 5, 7]);
  });

  it("draws any rows of each class for `random`", () => {
    const kept = keptOf({ keep: "random" })!;
    const classOf = flat(labels);
    expect([0, 1, 2].map((label) => kept.filter((row) => classOf[row] === label).length)).toEqual([3, 1, 1]);
  });

  it("needs classes", () => {
    const context = { batchSize: 8, image: { features: 1 }, classes: 0, device: TEST_DEVICE };
    expect(() => topK({ perClass: true }).build({ ...context, rng: new Generator(1) })).toThrow(
      "topK: `perClass` (=true) needs data with classes",
    );
  });

  it("gets the labels of the step", () => {
    const gan = ganOf({
      generator: mlp.generator({ latent: 4, hidden: [8], conditional: true }),
      techniques: [topK({ gamma: 0.5, floor: 0.01, everySteps: 1, perClass: true })],
    });
    trainingStep(gan).dispose();
    trainingStep(gan).dispose();
    const k = gan.techniques[0]!.report!().k!;
    expect(k).toBeGreaterThanOrEqual(4);
    expect(k).toBeLessThanOrEqual(5);
  });
});

const kOf = (options: Options, batch: number, progress: { epoch?: number; step?: number; images?: number }): number =>
  select(options, batch, progress).k!;

describe("the number of samples kept", () => {
  it("starts at the whole batch, is multiplied by gamma once per epoch, and stops at the floor", () => {
    for (let epoch = 0; epoch < 40; epoch++) {
      const expected = Math.ceil(Math.max(48, 64 * 0.99 ** epoch));
      for (const within of [0, 0.5, 0.999]) {
        expect(kOf({ gamma: 0.99, floor: 0.75 }, 64, { epoch: epoch + within })).toBe(expected);
      }
    }
    expect(kOf({ gamma: 0.99, floor: 0.75 }, 64, { epoch: 1e6 })).toBe(48);
  });

  it("counts steps instead of epochs with `everySteps`", () => {
    const options = { gamma: 0.99, floor: 0.75, everySteps: 2000 };
    expect(kOf(options, 256, { step: 1999, epoch: 50 })).toBe(256);
    expect(kOf(options, 256, { step: 2000, epoch: 50 })).toBe(Math.ceil(256 * 0.99));
    expect(kOf(options, 256, { step: 100_000 })).toBe(192);
  });

  it("is rounded by `rounding`, at use only", () => {
    const keptAt = (rounding: "ceil" | "round" | "floor", epoch: number) =>
      kOf({ gamma: 0.9, floor: 0.1, rounding }, 10, { epoch });
    // 10 * 0.9^n: 9, 8.1, 7.29, 6.561, 5.9049; rounding each and going on from there would give 9, 9, 9 ... for ceil
    expect([1, 2, 3, 4, 5].map((n) => keptAt("ceil", n))).toEqual([9, 9, 8, 7, 6]);
    expect([1, 2, 3, 4, 5].map((n) => keptAt("round", n))).toEqual([9, 8, 7, 7, 6]);
    expect([1, 2, 3, 4, 5].map((n) => keptAt("floor", n))).toEqual([9, 8, 7, 6, 5]);
  });

  it("is rounded down whenever it falls with `cumulative`, as JAX-GAN does: 192 after 46,000 iterations", () => {
    const options = { gamma: 0.99, floor: 0.75, everySteps: 2_000, rounding: "cumulative" } as const;
    expect([1, 2, 3].map((n) => kOf(options, 256, { step: 2_000 * n }))).toEqual([253, 250, 247]);
    expect(kOf(options, 256, { step: 45_999 })).toBe(193);
    expect(kOf(options, 256, { step: 46_000 })).toBe(192);
    expect(kOf(options, 256, { step: 100_000 })).toBe(192);
    expect(kOf({ gamma: 0.5, floor: 0.01, rounding: "cumulative" }, 4, { epoch: 1e9 })).toBe(1);
    expect(kOf({ gamma: 1, floor: 0.5, rounding: "cumulative" }, 4, { epoch: 1e9 })).toBe(4);
  });

  it("is not pushed over a whole number by the error of binary fractions", () => {
    expect(100 * 0.55).toBeGreaterThan(55);
    expect(kOf({ gamma: 0.5, floor: 0.55 }, 100, { epoch: 9 })).toBe(55);
    expect(100 * 0.7 ** 2).toBeLessThan(49);
    expect(kOf({ gamma: 0.7, floor: 0.1, rounding: "floor" }, 100, { epoch: 2 })).toBe(49);
  });

  it("counts generator updates or passes over the data, however often the discriminator is updated", () => {
    // 48 images in batches of 8, three per step: an epoch every two steps
    const follow = (options: Options): number[] => {
      const gan = ganOf({ techniques: [topK({ gamma: 0.5, floor: 0.01, ...options })], discriminatorSteps: 3 });
      return [0, 1, 2, 3, 4].map(() => {
        trainingStep(gan).dispose();
        return gan.techniques[0]!.report!().k!;
      });
    };
    expect(follow({})).toEqual([8, 8, 4, 4, 2]);
    expect(follow({ everySteps: 1 })).toEqual([8, 4, 2, 1, 1]);
  });

  it("is at least 1", () => {
    expect(kOf({ gamma: 0.1, floor: 0.001, rounding: "floor" }, 8, { epoch: 9 })).toBe(1);
  });
});

describe("the rows kept", () => {
  it("are those rated most real, and with k = B all of them", () => {
    const scores = Tensor.fromArray([0.5, -3, 7, 0.4, 2, -1, 0.6, 0]);
    expect(select({ gamma: 0.5 }, 8, {}, scores).rows).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(select({ gamma: 0.5 }, 8, { epoch: 1 }, scores).rows!.sort()).toEqual([0, 2, 4, 6]);
  });

  it("never hold one whose score is not finite: k shrinks to the number of the others", () => {
    const { NaN: nan, NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
    const scores = Tensor.fromArray([nan, 1, nan, -9, NEGATIVE_INFINITY, 4, 3, POSITIVE_INFINITY]);
    for (const keep of ["top", "bottom", "random"] as const) {
      const { rows, k } = select({ gamma: 0.75, keep }, 8, { epoch: 1 }, scores);
      expect(rows).toEqual([1, 3, 5, 6]);
      expect(k).toBe(4);
      const fewer = select({ gamma: 0.1, floor: 0.25, keep }, 8, { epoch: 1 }, scores);
      expect(fewer.k).toBe(2);
      for (const row of fewer.rows!) expect([1, 3, 5, 6]).toContain(row);
    }
    expect(select({ gamma: 0.1, floor: 0.25 }, 8, { epoch: 1 }, scores).rows).toEqual([5, 6]);
    expect(select({ gamma: 0.1, floor: 0.25, keep: "bottom" }, 8, { epoch: 1 }, scores).rows).toEqual([1, 3]);
    // 6 places, of which 4 are taken: the mean of the weighted losses is the mean of those four.
    expect(select({ gamma: 0.75 }, 8, { epoch: 1 }, scores).weights!.filter((weight) => weight !== 0)).toEqual([
      1.5, 1.5, 1.5, 1.5,
    ]);
    expect(select({ gamma: 0.5 }, 2, { epoch: 1 }, Tensor.fromArray([nan, POSITIVE_INFINITY])).weights).toEqual([nan]);
  });

  it("train G as the mean over the finite ones does, and without any the run has diverged", () => {
    const { NaN: nan } = Number;
    const built = topK({ gamma: 0.75 }).build({
      batchSize: 4,
      image: { features: 1 },
      classes: 0,
      device: TEST_DEVICE,
      rng: new Generator(1),
    });
    const scores = Tensor.fromArray([nan, 1, nan, 3]).requiresGrad_();
    const { rows, weights } = built.select!(scores.detach(), { progress: { epoch: 1, step: 0 } } as Gan, undefined)!;
    const losses = nonSaturating().build().generator(scores.indexSelect(0, rows));
    const total = losses.mul(weights!).mean();
    expect(total.item()).toBeCloseTo((Math.log1p(Math.exp(-1)) + Math.log1p(Math.exp(-3))) / 2, 6);
    const gradient = flat(grad(total, [scores])[0]!);
    expectClose(Tensor.fromArray(gradient), [0, -1 / (1 + Math.exp(1)) / 2, 0, -1 / (1 + Math.exp(3)) / 2]);
  });

  it("of equal scores are those with the lower numbers", () => {
    const scores = Tensor.fromArray([1, 2, 1, 2, 1, 1, 0, 1]);
    const keptOf = (k: number, keep: "top" | "bottom") =>
      select({ gamma: 0.01, floor: k / 8, keep }, 8, { epoch: 1 }, scores).rows;
    expect(keptOf(1, "top")).toEqual([1]);
    expect(keptOf(4, "top")).toEqual([0, 1, 2, 3]);
    // One order: the bottom is what the top leaves.
    expect(keptOf(4, "bottom")).toEqual([4, 5, 6, 7]);
    expect(keptOf(1, "bottom")).toEqual([6]);
    const equal = Tensor.zeros([256]);
    expect(select({ gamma: 0.5 }, 256, { epoch: 1 }, equal).rows).toEqual(Array.from({ length: 128 }, (_, row) => row));
  });

  it("at the bottom are those rated least real", () => {
    const scores = Tensor.fromArray([0.5, -3, 7, 0.4, 2, -1, 0.6, 0]);
    expect(select({ gamma: 0.5, keep: "bottom" }, 8, { epoch: 1 }, scores).rows).toEqual([1, 3, 5, 7]);
  });

  it("at random are each as likely, whatever the scores, and drawn from the technique's own stream", () => {
    const random = new Generator(3);
    const before = flat(getRngState());
    const counts = Array.from({ length: 8 }, () => 0);
    for (let i = 0; i < 800; i++) {
      const { rows } = select({ gamma: 0.375, floor: 0.375, keep: "random" }, 8, { epoch: 1 }, undefined, random);
      expect(new Set(rows).size).toBe(3);
      for (const row of rows!) counts[row]!++;
    }
    // 800 draws at 3/8: 300 with a standard deviation of 13.7
    for (const count of counts) expect(Math.abs(count - 300)).toBeLessThan(60);
    expect(flat(getRngState())).toEqual(before);
    const state = random.getState();
    const next = () => select({ gamma: 0.5, keep: "random" }, 64, { epoch: 1 }, undefined, random).rows;
    const [first, second] = [next(), next()];
    expect(second).not.toEqual(first);
    random.setState(state);
    expect([next(), next()]).toEqual([first, second]);
    const standing = flat(random.getState());
    select({ gamma: 0.5, keep: "random" }, 64, { epoch: 0 }, undefined, random);
    expect(flat(random.getState())).toEqual(standing); // all are kept: nothing to draw
  });

  it("weigh as much as the whole batch would only with the mean", () => {
    expect(select({ gamma: 0.5 }, 8, { epoch: 1 }).factor).toBe(1);
    expect(select({ gamma: 0.5, floor: 0.1, reduce: "zeroed" }, 8, { epoch: 2 }).factor).toBe(2 / 8);
    const scores = Tensor.fromArray([Number.NaN, 1, 2, Number.NaN]);
    const { weights, factor } = select({ reduce: "zeroed", gamma: 0.75 }, 4, { epoch: 1 }, scores);
    expect([weights!.reduce((sum, weight) => sum + weight, 0) / weights!.length, factor]).toEqual([2 / 3, 3 / 4]);
  });

  it.each<[string, Loss]>([
    ["nonSaturating", nonSaturating().build()],
    ["minimax", minimax().build()],
    ["leastSquares", leastSquares().build()],
    ["hinge", hinge().build()],
    ["wasserstein", wasserstein().build()],
  ])("are, with %s, those that as real images would cost the discriminator least", (_name, loss) => {
    const scores = Tensor.fromArray(Float64Array.from([0.3, -0.8, 0.9, -0.2, 0.1, 0.7, -0.5, 0]));
    const rows = select({ gamma: 0.5 }, 8, { epoch: 1 }, loss.realness(scores)).rows!;
    const costs = flat(loss.discriminator(scores, scores).real);
    const cheapest = [...costs.keys()].sort((a, b) => costs[a]! - costs[b]!).slice(0, 4);
    expect(rows.sort()).toEqual(cheapest.sort());
  });
});

describe("the gradient of the generator", () => {
  const losses = { nonSaturating, minimax, leastSquares, hinge, wasserstein };

  it.each(Object.keys(losses) as (keyof typeof losses)[])(
    "of the mean over the k kept is B / k times that of the batch with the others zeroed: %s, float64",
    (name) => {
      const loss = losses[name]().build() as Loss;
      const context = { ...contextOf(), image: { features: 3 }, classes: 0 };
      const maker = fill(mlp.generator({ latent: 2, hidden: [5] }).build(context));
      const critic = fill(mlp.discriminator({ hidden: [6] }).build(context), 20);
      const z = noise([8, 2], 40);
      const scoreOf = () => critic.forward(maker.forward(z)).score;
      const realness = loss.realness(scoreOf().detach());
      const chosen = select({ gamma: 0.6 }, 8, { epoch: 1 }, realness).rows!;
      expect(chosen.length).toBe(5);
      const rows = Tensor.fromArray(BigInt64Array.from(chosen, BigInt));
      const kept = () => loss.generator(scoreOf().indexSelect(0, rows)).mean();
      const gradients = grad(kept(), maker.parameters());

      const mask = Tensor.fromArray(Float64Array.from({ length: 8 }, (_, i) => (chosen.includes(i) ? 1 : 0)));
      const zeroed = grad(loss.generator(scoreOf()).mul(mask).mean(), maker.parameters());
      for (const [i, gradient] of gradients.entries()) {
        expectClose(gradient, zeroed[i]!.mul(8 / 5), { atol: 1e-14, rtol: 1e-12 });
      }
      expectGradients(maker.parameters(), kept);
    },
  );

  it("in a training step is that of the kept rows alone", () => {
    const seen: { kept: number[][]; own: number[][]; rows: number } = { kept: [], own: [], rows: 0 };
    const spy = technique("topKSpy", () => ({
      generatorPenalty(pass, gan) {
        if (pass.rows === null) return undefined;
        const cost = gan.loss.generator(pass.fakeOutput.score);
        const mask = pass.rows.oneHot(cost.numel).sum([0]);
        const gradients = grad(cost.mul(mask).mean(), gan.generator.parameters(), { retainGraph: true });
        seen.rows = pass.rows.numel;
        seen.kept = gradients.map(flat);
        return undefined;
      },
      gradients(player, gradients) {
        if (player === "generator") seen.own = gradients.map(flat);
        return gradients;
      },
    }));
    const gan = ganOf({ techniques: [topK({ gamma: 0.5, everySteps: 1, floor: 0.1 }), spy], loss: nonSaturating() });
    trainingStep(gan).dispose();
    trainingStep(gan).dispose();
    expect(seen.rows).toBe(4);
    for (const [i, own] of seen.own.entries()) {
      expectClose(
        own,
        seen.kept[i]!.map((value) => value * 2),
        { atol: 1e-7, rtol: 1e-5 },
      );
    }
    expect(seen.own.flat().some((value) => Math.abs(value) > 1e-4)).toBe(true);
  });
});

describe("a run in which k never falls", () => {
  const notes = (options: Options, last: { step: number; epoch: number }) => {
    const context = { batchSize: 64, image: { features: 1 }, classes: 0, device: TEST_DEVICE };
    const built = topK(options).build({ ...context, rng: new Generator(1) });
    return built.notes!({ images: 64 * last.step, ...last });
  };

  it("is told, with the option to change", () => {
    expect(notes({}, { step: 599, epoch: 0.64 })).toEqual([
      "topK keeps all 64 samples in every step of this run, as if it were not there: k falls with completed epochs, and this run completes none before its last step; set `everySteps` to count steps",
    ]);
    // 64 x 0.99 is rounded up to 64, 64 x 0.99^2 to 63.
    expect(notes({}, { step: 1, epoch: 1.99 })[0]).toContain("set a smaller `gamma`, or `everySteps`");
    expect(notes({}, { step: 1, epoch: 2 })).toEqual([]);
    expect(notes({ rounding: "floor" }, { step: 1, epoch: 1 })).toEqual([]);
    expect(notes({ everySteps: 100 }, { step: 199, epoch: 0 })[0]).toContain("set a smaller `everySteps` or `gamma`");
    expect(notes({ everySteps: 100 }, { step: 200, epoch: 0 })).toEqual([]);
    const share = linear({ from: 1, to: 0.5, until: 1_000_000 });
    expect(notes({ share }, { step: 99, epoch: 0 })).toEqual([
      "topK keeps all 64 samples to the last step of this run: let its `share` fall earlier",
    ]);
  });

  it("is not, where the options ask for all samples", () => {
    for (const options of [{ gamma: 1 }, { floor: 1 }, { share: 1 }]) {
      expect(notes(options, { step: 99, epoch: 9 })).toEqual([]);
    }
  });

  it("says so when training begins, and only then", async () => {
    const said = async (steps: number): Promise<string[]> => {
      const lines: string[] = [];
      // 48 samples: six steps of 8 are an epoch, and 8 x 0.8 is rounded up to 7.
      const recipe = tinyRecipe({ techniques: [topK({ gamma: 0.8 })], steps });
      const run = startRun(recipe, { directory: join(temporaryFolder(), "run"), source: "test" });
      await run.train({ events: { note: (line) => lines.push(line) } });
      return lines.filter((line) => line.startsWith("topK"));
    };
    expect(await said(6)).toHaveLength(1);
    expect(await said(7)).toEqual([]);
  });
});

describe("a share of the batch", () => {
  const kAt = (share: NonNullable<Options["share"]>, step: number): number | undefined =>
    kOf({ share }, 64, { step, images: 64 * step });

  it("is k over the batch, as it stands or on a schedule", () => {
    expect(kAt(0.75, 0)).toBe(48);
    const falling = linear({ from: 1, to: 0.5, until: 10 });
    expect([0, 2, 5, 10, 50].map((step) => kAt(falling, step))).toEqual([64, 58, 48, 32, 32]);
    expect(kAt(linear({ from: 1, to: 0.5, until: 640, in: "images" }), 5)).toBe(48);
    expect(() => topK({ share: 0.5, gamma: 0.9 })).toThrow("says all of k: leave out `gamma`, `floor`, `everySteps`");
    expect(() => topK({ share: 1.5 })).toThrow("`topK.share` (=1.5) must be at most 1");
    // It counts no epochs, so data without any takes it.
    const context = { batchSize: 8, image: { features: 1 }, classes: 0, device: TEST_DEVICE, rng: new Generator(1) };
    expect(topK({ share: 0.5 }).build(context).insteadOfEpochs).toBeUndefined();
  });
});

it.each([relativistic, relativisticAverage])(
  "with a loss of pairs the rows are chosen by D(G(z)) alone, and kept as pairs",
  (loss) => {
    const seen: { rows: number[]; best: number[]; cost: number[] }[] = [];
    const spy = technique("pairRowsSpy", () => ({
      pairs: true,
      generatorPenalty(pass, gan) {
        const scores = flat(pass.fakeOutput.score);
        const best = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!).slice(0, 4);
        const real = pass.real();
        const rows = flat(pass.rows!);
        expect(flat(real.selectedOutput.score)).toEqual(rows.map((row) => flat(real.output.score)[row]));
        const cost = gan.loss.generator(pass.selectedOutput.score, real.selectedOutput.score).mean().item();
        seen.push({ rows, best: best.sort((a, b) => a - b), cost: [cost] });
        return undefined;
      },
    }));
    const techniques = [topK({ share: 0.5 }), r1({ weight: 1 }), r2({ weight: 1 }), spy];
    const gan = ganOf({ loss: loss(), techniques });
    const lossG = [0, 1, 2].map(() => flat(trainingStep(gan))[1]!);
    for (const [i, { rows, best, cost }] of seen.entries()) {
      expect(rows).toEqual(best);
      expectClose([lossG[i]!], cost, { atol: 1e-6 });
    }
    expect(seen).toHaveLength(3);
  },
);

import { describe, expect, it } from "vitest";
import { hinge, type Loss, leastSquares, minimax, nonSaturating, wasserstein } from "../../src/losses/index.ts";
import { mlp } from "../../src/models/index.ts";
import { type Game, topK } from "../../src/techniques/index.ts";
import { Generator, grad, Tensor } from "../../src/tensor/index.ts";
import { trainingStep } from "../../src/training/step.ts";
import { contextOf, expectClose, expectGradients, fill, flat, noise } from "../nn/oracle.ts";
import { gameOf, technique } from "../training/tiny.ts";

type Options = NonNullable<Parameters<typeof topK>[0]>;

/** k that the technique reports, and the rows that it selects, of `batch` scores after so many epochs or steps. */
function select(options: Options, batch: number, progress: { epoch?: number; step?: number }, scores?: Tensor) {
  const random = new Generator(1);
  const context = { batchSize: batch, image: { features: 1 }, classes: 0, device: "cpu" as const, random };
  const built = topK(options).build(context);
  const game = { progress: { epoch: 0, step: 0, ...progress } } as Game;
  const selection = built.select!(scores ?? noise([batch], 4), game);
  return { k: built.report!().k, rows: selection && flat(selection.rows), factor: selection?.factor };
}

const kOf = (options: Options, batch: number, progress: { epoch?: number; step?: number }): number =>
  select(options, batch, progress).k!;

describe("the number of samples kept", () => {
  it("begins with all, is multiplied by gamma once an epoch, and stops at the floor", () => {
    for (let epoch = 0; epoch < 40; epoch++) {
      const expected = Math.ceil(Math.max(48, 64 * 0.99 ** epoch));
      for (const within of [0, 0.5, 0.999]) {
        expect(kOf({ gamma: 0.99, floor: 0.75 }, 64, { epoch: epoch + within })).toBe(expected);
      }
    }
    expect(kOf({ gamma: 0.99, floor: 0.75 }, 64, { epoch: 1e6 })).toBe(48);
  });

  it("counts in steps instead where that is asked for", () => {
    const options = { gamma: 0.99, floor: 0.75, everySteps: 2000 };
    expect(kOf(options, 256, { step: 1999, epoch: 50 })).toBe(256);
    expect(kOf(options, 256, { step: 2000, epoch: 50 })).toBe(Math.ceil(256 * 0.99));
    expect(kOf(options, 256, { step: 100_000 })).toBe(192);
  });

  it("is rounded as asked, at use only", () => {
    const keptAt = (rounding: "ceil" | "round" | "floor", epoch: number) =>
      kOf({ gamma: 0.9, floor: 0.1, rounding }, 10, { epoch });
    // 10 * 0.9^n: 9, 8.1, 7.29, 6.561, 5.9049; rounding each and going on from there would give 9, 9, 9 ... for ceil
    expect([1, 2, 3, 4, 5].map((n) => keptAt("ceil", n))).toEqual([9, 9, 8, 7, 6]);
    expect([1, 2, 3, 4, 5].map((n) => keptAt("round", n))).toEqual([9, 8, 7, 7, 6]);
    expect([1, 2, 3, 4, 5].map((n) => keptAt("floor", n))).toEqual([9, 8, 7, 6, 5]);
  });

  it("is not pushed over a whole number by the error of binary fractions", () => {
    expect(100 * 0.55).toBeGreaterThan(55);
    expect(kOf({ gamma: 0.5, floor: 0.55 }, 100, { epoch: 9 })).toBe(55);
    expect(100 * 0.7 ** 2).toBeLessThan(49);
    expect(kOf({ gamma: 0.7, floor: 0.1, rounding: "floor" }, 100, { epoch: 2 })).toBe(49);
  });

  it("is at least 1", () => {
    expect(kOf({ gamma: 0.1, floor: 0.001, rounding: "floor" }, 8, { epoch: 9 })).toBe(1);
  });
});

describe("the rows kept", () => {
  it("are those judged most real; all of them are null", () => {
    const scores = Tensor.fromArray([0.5, -3, 7, 0.4, 2, -1, 0.6, 0]);
    expect(select({ gamma: 0.5 }, 8, {}, scores).rows).toBeNull();
    expect(select({ gamma: 0.5 }, 8, { epoch: 1 }, scores).rows!.sort()).toEqual([0, 2, 4, 6]);
  });

  it("never hold one whose score is not a number", () => {
    const scores = Tensor.fromArray([Number.NaN, 1, Number.NaN, -9, Number.NEGATIVE_INFINITY, 4, 3, Number.NaN]);
    expect(select({ gamma: 0.5 }, 8, { epoch: 1 }, scores).rows!.sort()).toEqual([1, 3, 5, 6]);
  });

  it.each<[string, Loss]>([
    ["nonSaturating", nonSaturating().build(undefined)],
    ["minimax", minimax().build(undefined)],
    ["leastSquares", leastSquares().build(undefined)],
    ["hinge", hinge().build(undefined)],
    ["wasserstein", wasserstein().build(undefined)],
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
      const loss = losses[name]().build(undefined) as Loss;
      const context = { ...contextOf(), image: { features: 3 }, classes: 0 };
      const maker = fill(mlp.generator({ latent: 2, hidden: [5] }).build(context));
      const judge = fill(mlp.discriminator({ hidden: [6] }).build(context), 20);
      const z = noise([8, 2], 40);
      const scoreOf = () => judge.forward(maker.forward(z)).score;
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
      generatorPenalty(pass, game) {
        if (pass.rows === null) return undefined;
        const cost = game.loss.generator(pass.judged.score);
        const mask = pass.rows.oneHot(cost.numel).sum([0]);
        const gradients = grad(cost.mul(mask).mean(), game.generator.parameters(), { retainGraph: true });
        seen.rows = pass.rows.numel;
        seen.kept = gradients.map(flat);
        return undefined;
      },
      gradients(player, gradients) {
        if (player === "generator") seen.own = gradients.map(flat);
        return gradients;
      },
    }));
    const game = gameOf({ techniques: [topK({ gamma: 0.5, everySteps: 1, floor: 0.1 }), spy], loss: nonSaturating() });
    trainingStep(game).dispose();
    trainingStep(game).dispose();
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

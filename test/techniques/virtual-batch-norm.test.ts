import { describe, expect, it } from "vitest";
import { hinge, nonSaturating, wasserstein } from "../../src/losses/index.ts";
import { dcgan, mlp, resnet } from "../../src/models/index.ts";
import { BatchNorm, BatchNorm2d, Module, VirtualBatchNorm, withReferenceRows } from "../../src/nn/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import {
  gradientPenalty,
  minibatchDiscrimination,
  minibatchStandardDeviation,
  topK,
  virtualBatchNorm,
  weightAveraging,
} from "../../src/techniques/index.ts";
import { Generator, noGrad, Tensor } from "../../src/tensor/index.ts";
import { loadCheckpoint, loadForSampling, writeCheckpoint } from "../../src/training/checkpoint.ts";
import { BuiltGame } from "../../src/training/game.ts";
import { drawSamples } from "../../src/training/sample.ts";
import { trainingStep } from "../../src/training/step.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { filesIn, gameOf as gameOver, technique, temporaryFolder } from "../training/tiny.ts";

const normed: Partial<RecipeInput> = {
  generator: dcgan.generator({ latent: 4, width: 2 }),
  discriminator: dcgan.discriminator({ width: 2, batchNorm: true }),
  loss: nonSaturating(),
};
const conditional: Partial<RecipeInput> = {
  ...normed,
  generator: resnet.generator({ latent: 4, width: 2, conditional: true }),
  discriminator: dcgan.discriminator({ width: 2, batchNorm: true, conditional: true }),
};
/** On images of 32 pixels, the least that ResNets take. */
const gameOf = (parts: Partial<RecipeInput>): BuiltGame => gameOver(parts, { count: 48, size: 32, classes: 2 });
const reference = (game: BuiltGame, player: "generator" | "discriminator"): number[] =>
  flat(game[player].stateDict().get("reference")!);

/** One sample at a time and all at once, in train and in evaluation mode. */
function expectIndependent<N extends Module>(network: N, forward: (rows: Tensor) => Tensor): void {
  noGrad(() => {
    const all = Tensor.arange(0, 5, 1, { dtype: "int64" });
    const together = forward(all);
    for (const mode of [true, false]) {
      network.train(mode);
      expect(flat(forward(all))).toEqual(flat(together));
      for (const i of [0, 3]) {
        const neighbours = [all.narrow(0, i, 1), Tensor.cat([all.narrow(0, i, 1), all.narrow(0, 4, 1)])];
        for (const rows of neighbours) {
          expectClose(forward(rows).narrow(0, 0, 1), together.narrow(0, i, 1), { atol: 2e-5, rtol: 1e-4 });
        }
      }
    }
    network.train();
  });
}

describe("virtualBatchNorm", () => {
  it.each([
    ["generator", normed],
    ["discriminator", normed],
    ["both", normed],
    ["both", conditional],
  ] as const)("stands in for every batch norm of its networks: %s", (where, parts) => {
    const game = gameOf({ ...parts, techniques: [virtualBatchNorm({ in: where })] });
    const plain = gameOf(parts);
    for (const player of ["generator", "discriminator"] as const) {
      const count = (of: BuiltGame, kind: abstract new (...args: never[]) => Module): number =>
        of[player].modules().filter((module) => module instanceof kind).length;
      const norms = count(plain, BatchNorm);
      const virtual = where === "both" || where === player;
      expect([count(game, BatchNorm), count(game, VirtualBatchNorm)]).toEqual(virtual ? [0, norms] : [norms, 0]);
      expect(norms).toBeGreaterThan(0);
      // The same weights under the same names below `network`, gains drawn alike: nothing else is drawn.
      const expected = new Map([...plain[player].namedParameters()].map(([name, value]) => [name, flat(value)]));
      const prefix = virtual ? "network." : "";
      for (const [name, value] of game[player].namedParameters()) {
        expect(flat(value), name).toEqual(expected.get(name.slice(prefix.length)));
      }
    }
  });

  it.each([normed, conditional])("makes what a network gives for a sample independent of its neighbours", (parts) => {
    const game = gameOf({ ...parts, techniques: [virtualBatchNorm({ in: "both" })] });
    trainingStep(game).dispose();
    const latents = game.latents(5);
    const labels = Tensor.fromArray(BigInt64Array.from([0n, 1n, 1n, 0n, 1n]));
    expectIndependent(game.generator, (rows) =>
      game.generator.forward(latents.indexSelect(0, rows), labels.indexSelect(0, rows)),
    );
    const images = game.feed.next().images.narrow(0, 0, 5);
    expectIndependent(
      game.discriminator,
      (rows) => game.discriminator.forward(images.indexSelect(0, rows), labels.indexSelect(0, rows)).score,
    );
    const { score, logits, features, hidden } = game.discriminator.forward(images, labels);
    expect([score, logits, features, ...hidden].map(({ shape }) => shape[0])).toEqual([
      5,
      5,
      5,
      ...hidden.map(() => 5),
    ]);
    // Unlike batch norm, by the same measure.
    const plain = gameOf(parts);
    expect(() =>
      expectIndependent(plain.generator, (rows) =>
        plain.generator.forward(latents.indexSelect(0, rows), labels.indexSelect(0, rows)),
      ),
    ).toThrow();
  });

  it("is batch norm for the reference batch", () => {
    const game = gameOf({ ...normed, techniques: [virtualBatchNorm()] });
    const plain = gameOf(normed);
    const state = game.generator.stateDict();
    const own = new Map(
      [...plain.generator.namedParameters().keys()].map((name) => [name, state.get(`network.${name}`)!]),
    );
    plain.generator.loadStateDict(own, { strict: false });
    const latents = state.get("reference")!;
    const inner = game.generator.modules()[1] as typeof plain.generator;
    const seen = withReferenceRows(8, () => inner.forward(latents));
    expectClose(seen, plain.generator.forward(latents), { atol: 1e-5, rtol: 1e-4 });
  });

  it("takes the reference batch once: latents and labels for G, real samples of a further feed for D", () => {
    const drawn: number[][] = [];
    const spy = technique("realSpy", () => ({ discriminatorPenalty: (pass) => void drawn.push(flat(pass.real)) }));
    const game = gameOf({ ...normed, techniques: [virtualBatchNorm({ in: "both", size: 3 }), spy] });
    const [g, d] = [reference(game, "generator"), reference(game, "discriminator")];
    expect([g.length, d.length]).toEqual([3 * 4, 3 * 1024]);
    expect(new Set(g).size).toBe(12);
    expect(game.generator.stateDict().get("reference_labels")!.shape).toEqual([3]);
    for (let i = 0; i < 3; i++) trainingStep(game).dispose();
    drawSamples(game, { count: 2, random: new Generator(1), averaged: true }).dispose();
    // It stays what it was, whatever mode and batch has gone through since.
    expect(reference(game, "generator")).toEqual(g);
    expect(reference(game, "discriminator")).toEqual(d);
    // Real images of the data with their labels; the training batches are those of a run without the technique.
    const labelOf = new Map<string, number>();
    for (let i = 0; i < 6; i++) {
      const { images, labels } = game.feed.next();
      for (let j = 0; j < 8; j++) labelOf.set(String(flat(images.narrow(0, j, 1))), flat(labels!)[j]!);
    }
    const labels = flat(game.discriminator.stateDict().get("reference_labels")!);
    for (const [i, label] of labels.entries()) {
      expect(labelOf.get(String(d.slice(1024 * i, 1024 * (i + 1))))).toBe(label);
    }
    const many = gameOf({ ...normed, techniques: [virtualBatchNorm({ in: "both" })] });
    for (const player of ["generator", "discriminator"] as const) {
      const drawnLabels = new Set(flat(many[player].stateDict().get("reference_labels")!));
      expect(drawnLabels).toEqual(new Set([0, 1]));
    }
    const without: number[][] = [];
    const other = technique("otherSpy", () => ({ discriminatorPenalty: (pass) => void without.push(flat(pass.real)) }));
    const plain = gameOf({ ...normed, techniques: [other] });
    for (let i = 0; i < 3; i++) trainingStep(plain).dispose();
    expect(drawn).toEqual(without);
  });

  it("takes the reference statistics anew with the weights as they are", () => {
    const game = gameOf({ ...normed, techniques: [virtualBatchNorm()] });
    const statistics = (): number[] => {
      const seen: number[][] = [];
      const layer = game.generator.modules().find((module) => module instanceof VirtualBatchNorm)!;
      const forward = layer.forward.bind(layer);
      layer.forward = (x) => {
        seen.push(flat(x.narrow(0, 0, 8).mean([0, 2, 3])));
        return forward(x);
      };
      noGrad(() => game.generator.forward(game.latents(2)));
      layer.forward = forward;
      return seen[0]!;
    };
    const first = statistics();
    expect(statistics()).toEqual(first);
    trainingStep(game).dispose();
    expect(statistics()).not.toEqual(first);
  });

  it.each([
    ["generator", conditional, [virtualBatchNorm(), minibatchDiscrimination({ kernels: 3 }), weightAveraging()]],
    ["both", normed, [minibatchStandardDeviation(), virtualBatchNorm({ in: "both", size: 4 }), weightAveraging()]],
    ["discriminator", conditional, [virtualBatchNorm({ in: "discriminator" }), topK({ gamma: 0.5, everySteps: 1 })]],
  ] as const)("resumes with the same bits: %s", (_, parts, techniques) => {
    const recipe = { ...parts, techniques: [...techniques] };
    const whole = gameOf(recipe);
    for (let i = 0; i < 2; i++) trainingStep(whole).dispose();
    const folder = temporaryFolder();
    const resumed = gameOf({ ...recipe });
    // What the resumed game drew for itself must not survive the loading.
    noGrad(() => {
      for (const player of ["generator", "discriminator"] as const) {
        resumed[player].namedBuffers().get("reference")?.fill_(0.5);
      }
    });
    loadCheckpoint(writeCheckpoint(folder, whole, 0), resumed);
    for (const game of [whole, resumed]) for (let i = 0; i < 2; i++) trainingStep(game).dispose();
    const [one, other] = [whole, resumed].map((game, i) => filesIn(writeCheckpoint(`${folder}/${i}`, game, 0)));
    expect(other).toEqual(one);
  });

  it("keeps the reference batch of D out of what compares samples", () => {
    for (const stage of [minibatchDiscrimination({ kernels: 3 }), minibatchStandardDeviation()]) {
      for (const techniques of [
        [stage, virtualBatchNorm({ in: "discriminator" })],
        [virtualBatchNorm({ in: "discriminator" }), stage],
      ]) {
        const game = gameOf({ ...normed, techniques });
        trainingStep(game).dispose();
        noGrad(() => {
          const layer = game.discriminator.modules().find((module) => module.couplesSamples)!;
          const { features, hidden } = game.discriminator.forward(game.feed.next().images);
          const alone = (layer as BatchNorm2d).forward(hidden.at(-1)!.flatten(1));
          expectClose(features, alone, { atol: 1e-5 });
        });
      }
    }
  });

  it("is judged in one pass, and goes with penalties", () => {
    const game = gameOf({
      ...normed,
      loss: wasserstein(),
      techniques: [virtualBatchNorm({ in: "both" }), gradientPenalty()],
    });
    const sizes: number[] = [];
    const forward = game.discriminator.forward.bind(game.discriminator);
    game.discriminator.forward = (images, labels) => {
      sizes.push(images.shape[0]!);
      return forward(images, labels);
    };
    const numbers = trainingStep(game);
    expect(flat(numbers).every(Number.isFinite)).toBe(true);
    expect(sizes).toEqual([16, 8, 8]);
  });

  it("gives the updates of the whole batch when it is computed in parts", () => {
    const parts = { ...normed, techniques: [virtualBatchNorm({ in: "both", size: 6 })] };
    const [whole, divided] = [gameOf(parts), gameOf({ ...parts, accumulate: 4 })];
    for (const game of [whole, divided]) for (let i = 0; i < 2; i++) trainingStep(game).dispose();
    for (const player of ["generator", "discriminator"] as const) {
      const expected = whole[player].stateDict();
      for (const [name, tensor] of divided[player].stateDict()) {
        // Adam makes whole steps of gradients that are nothing but rounding: those of biases before the norms.
        expectClose(tensor, expected.get(name)!, { atol: 2e-4, rtol: 1e-3, label: `${player}.${name}` });
      }
    }
  });

  it("is sampled from with the same reference batch without the data, alike in both modes", () => {
    const game = gameOf({ ...normed, techniques: [virtualBatchNorm({ in: "both" })] });
    for (let i = 0; i < 2; i++) trainingStep(game).dispose();
    const path = writeCheckpoint(temporaryFolder(), game, 0);
    const stored = new BuiltGame(game.recipe, game.shape);
    loadForSampling(path, stored);
    for (const player of ["generator", "discriminator"] as const) {
      expect(reference(stored, player)).toEqual(reference(game, player));
      expect(new Set(reference(stored, player)).size).toBeGreaterThan(2);
    }
    const draw = (of: BuiltGame, mode: "eval" | "train"): number[] =>
      flat(drawSamples(of, { count: 3, random: new Generator(1), averaged: false, mode }));
    const wanted = draw(game, "eval");
    expect(draw(stored, "eval")).toEqual(wanted);
    expect(draw(stored, "train")).toEqual(wanted);
    stored.dispose();
  });

  it("refuses what it does not fit, by name", () => {
    const parts = { generator: mlp.generator({ latent: 4 }), loss: hinge() };
    expect(() => gameOf({ ...parts, techniques: [virtualBatchNorm()] })).toThrow(
      "`virtualBatchNorm`: the generator `mlp` has no batch norm that it could take the place of",
    );
    const both = virtualBatchNorm({ in: "both" });
    expect(() => gameOf({ ...normed, discriminator: dcgan.discriminator({ width: 2 }), techniques: [both] })).toThrow(
      "the discriminator `dcgan` has no batch norm",
    );
    const generator = {
      ...normed.generator!,
      kind: "stubborn",
      build: (context: Parameters<NonNullable<typeof normed.generator>["build"]>[0]) => {
        const network = normed.generator!.build(context);
        Object.assign(network, { own: new BatchNorm2d(context, 2) });
        network.modules = () => [...Module.prototype.modules.call(network), new BatchNorm2d(context, 2)];
        return network;
      },
    };
    expect(() => gameOf({ ...normed, generator, techniques: [virtualBatchNorm()] } as Partial<RecipeInput>)).toThrow(
      "the generator `stubborn` makes batch norm of its own",
    );
    const anew = technique("anew", () => ({
      networks: () => ({ generator: normed.generator!, discriminator: normed.discriminator! }) as never,
    }));
    for (const where of ["generator", "discriminator"] as const) {
      expect(() => gameOf({ ...normed, techniques: [virtualBatchNorm({ in: where }), anew] })).toThrow(
        `describes the ${where} anew and leaves it out`,
      );
    }
    expect(() => virtualBatchNorm({ size: 0 })).toThrow("virtualBatchNorm.size (= 0): must be at least 1");
    expect(() => virtualBatchNorm({ in: "critic" as "both" })).toThrow("virtualBatchNorm.in");
  });
});

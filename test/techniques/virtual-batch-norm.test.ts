import { describe, expect, it } from "vitest";
import { hinge, nonSaturating, wasserstein } from "../../src/losses/index.ts";
import { dcgan, mlp, resnet } from "../../src/models/index.ts";
import { BatchNorm, BatchNorm2d, Module, VirtualBatchNorm, withPassMode } from "../../src/nn/index.ts";
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
import { loadCheckpoint, loadForSampling, writeCheckpoint } from "../../src/training/run/checkpoint.ts";
import { drawSamples, SAMPLE_BATCH } from "../../src/training/sampling/sample.ts";
import { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { filesIn, ganOf as gameOver, technique, temporaryFolder } from "../training/tiny.ts";

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
const ganOf = (parts: Partial<RecipeInput>): BuiltGan => gameOver(parts, { count: 48, size: 32, classes: 2 });
const reference = (gan: BuiltGan, player: "generator" | "discriminator"): number[] =>
  flat(gan[player].stateDict().get("reference")!);

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
    const gan = ganOf({ ...parts, techniques: [virtualBatchNorm({ in: where })] });
    const plain = ganOf(parts);
    for (const player of ["generator", "discriminator"] as const) {
      const count = (of: BuiltGan, kind: abstract new (...args: never[]) => Module): number =>
        of[player].modules().filter((module) => module instanceof kind).length;
      const norms = count(plain, BatchNorm);
      const virtual = where === "both" || where === player;
      expect([count(gan, BatchNorm), count(gan, VirtualBatchNorm)]).toEqual(virtual ? [0, norms] : [norms, 0]);
      expect(norms).toBeGreaterThan(0);
      // The same weights under the same names below `network`, gains drawn alike: nothing else is drawn.
      const expected = new Map([...plain[player].namedParameters()].map(([name, value]) => [name, flat(value)]));
      const prefix = virtual ? "network." : "";
      for (const [name, value] of gan[player].namedParameters()) {
        expect(flat(value), name).toEqual(expected.get(name.slice(prefix.length)));
      }
    }
  });

  it.each([normed, conditional])("makes a network's output for a sample independent of the other samples", (parts) => {
    const gan = ganOf({ ...parts, techniques: [virtualBatchNorm({ in: "both" })] });
    trainingStep(gan).dispose();
    const latents = gan.latents(5);
    const labels = Tensor.fromArray(BigInt64Array.from([0n, 1n, 1n, 0n, 1n]));
    expectIndependent(gan.generator, (rows) =>
      gan.generator.forward(latents.indexSelect(0, rows), labels.indexSelect(0, rows)),
    );
    const images = gan.loader.next().images.narrow(0, 0, 5);
    expectIndependent(
      gan.discriminator,
      (rows) => gan.discriminator.forward(images.indexSelect(0, rows), labels.indexSelect(0, rows)).score,
    );
    const { score, logits, features, hidden } = gan.discriminator.forward(images, labels);
    expect([score, logits, features, ...hidden].map(({ shape }) => shape[0])).toEqual([
      5,
      5,
      5,
      ...hidden.map(() => 5),
    ]);
    // Unlike batch norm, by the same measure.
    const plain = ganOf(parts);
    expect(() =>
      expectIndependent(plain.generator, (rows) =>
        plain.generator.forward(latents.indexSelect(0, rows), labels.indexSelect(0, rows)),
      ),
    ).toThrow();
  });

  it("is batch norm for the reference batch", () => {
    const gan = ganOf({ ...normed, techniques: [virtualBatchNorm()] });
    const plain = ganOf(normed);
    const state = gan.generator.stateDict();
    const own = new Map(
      [...plain.generator.namedParameters().keys()].map((name) => [name, state.get(`network.${name}`)!]),
    );
    plain.generator.loadStateDict(own, { strict: false });
    const latents = state.get("reference")!;
    const inner = gan.generator.modules()[1] as typeof plain.generator;
    const seen = withPassMode({ referenceRows: 8 }, () => inner.forward(latents));
    expectClose(seen, plain.generator.forward(latents), { atol: 1e-5, rtol: 1e-4 });
  });

  it("takes the reference batch once: latents and labels for G, real samples of an auxiliary loader for D", () => {
    const drawn: number[][] = [];
    const spy = technique("realSpy", () => ({ discriminatorPenalty: (pass) => void drawn.push(flat(pass.real)) }));
    const gan = ganOf({ ...normed, techniques: [virtualBatchNorm({ in: "both", size: 3 }), spy] });
    const [g, d] = [reference(gan, "generator"), reference(gan, "discriminator")];
    expect([g.length, d.length]).toEqual([3 * 4, 3 * 1024]);
    expect(new Set(g).size).toBe(12);
    expect(gan.generator.stateDict().get("reference_labels")!.shape).toEqual([3]);
    for (let i = 0; i < 3; i++) trainingStep(gan).dispose();
    drawSamples(gan, { count: 2, random: new Generator(1), averaged: true }).dispose();
    // It stays what it was, whatever mode and batch has gone through since.
    expect(reference(gan, "generator")).toEqual(g);
    expect(reference(gan, "discriminator")).toEqual(d);
    // Real images of the data with their labels; the training batches are those of a run without the technique.
    const labelOf = new Map<string, number>();
    for (let i = 0; i < 6; i++) {
      const { images, labels } = gan.loader.next();
      for (let j = 0; j < 8; j++) labelOf.set(String(flat(images.narrow(0, j, 1))), flat(labels!)[j]!);
    }
    const labels = flat(gan.discriminator.stateDict().get("reference_labels")!);
    for (const [i, label] of labels.entries()) {
      expect(labelOf.get(String(d.slice(1024 * i, 1024 * (i + 1))))).toBe(label);
    }
    const many = ganOf({ ...normed, techniques: [virtualBatchNorm({ in: "both" })] });
    for (const player of ["generator", "discriminator"] as const) {
      const drawnLabels = new Set(flat(many[player].stateDict().get("reference_labels")!));
      expect(drawnLabels).toEqual(new Set([0, 1]));
    }
    const without: number[][] = [];
    const other = technique("otherSpy", () => ({ discriminatorPenalty: (pass) => void without.push(flat(pass.real)) }));
    const plain = ganOf({ ...normed, techniques: [other] });
    for (let i = 0; i < 3; i++) trainingStep(plain).dispose();
    expect(drawn).toEqual(without);
  });

  it("takes the reference statistics with the present weights", () => {
    const gan = ganOf({ ...normed, techniques: [virtualBatchNorm()] });
    const statistics = (): number[] => {
      const seen: number[][] = [];
      const layer = gan.generator.modules().find((module) => module instanceof VirtualBatchNorm)!;
      const forward = layer.forward.bind(layer);
      layer.forward = (x) => {
        seen.push(flat(x.narrow(0, 0, 8).mean([0, 2, 3])));
        return forward(x);
      };
      noGrad(() => gan.generator.forward(gan.latents(2)));
      layer.forward = forward;
      return seen[0]!;
    };
    const first = statistics();
    expect(statistics()).toEqual(first);
    trainingStep(gan).dispose();
    expect(statistics()).not.toEqual(first);
  });

  it.each([
    ["generator", conditional, [virtualBatchNorm(), minibatchDiscrimination({ kernels: 3 }), weightAveraging()]],
    ["both", normed, [minibatchStandardDeviation(), virtualBatchNorm({ in: "both", size: 4 }), weightAveraging()]],
    ["discriminator", conditional, [virtualBatchNorm({ in: "discriminator" }), topK({ gamma: 0.5, everySteps: 1 })]],
  ] as const)("resumes with the same bits: %s", (_, parts, techniques) => {
    const recipe = { ...parts, techniques: [...techniques] };
    const whole = ganOf(recipe);
    for (let i = 0; i < 2; i++) trainingStep(whole).dispose();
    const folder = temporaryFolder();
    const resumed = ganOf({ ...recipe });
    // What the resumed GAN drew for itself must not survive the loading.
    noGrad(() => {
      for (const player of ["generator", "discriminator"] as const) {
        resumed[player].namedBuffers().get("reference")?.fill_(0.5);
      }
    });
    loadCheckpoint(writeCheckpoint(folder, whole, 0), resumed);
    for (const gan of [whole, resumed]) for (let i = 0; i < 2; i++) trainingStep(gan).dispose();
    const [one, other] = [whole, resumed].map((gan, i) => filesIn(writeCheckpoint(`${folder}/${i}`, gan, 0)));
    expect(other).toEqual(one);
  });

  it("keeps the reference batch of D out of layers that compare samples", () => {
    for (const stage of [minibatchDiscrimination({ kernels: 3 }), minibatchStandardDeviation()]) {
      for (const techniques of [
        [stage, virtualBatchNorm({ in: "discriminator" })],
        [virtualBatchNorm({ in: "discriminator" }), stage],
      ]) {
        const gan = ganOf({ ...normed, techniques });
        trainingStep(gan).dispose();
        noGrad(() => {
          const layer = gan.discriminator.modules().find((module) => module.couplesSamples)!;
          const { features, hidden } = gan.discriminator.forward(gan.loader.next().images);
          const alone = (layer as BatchNorm2d).forward(hidden.at(-1)!.flatten(1));
          expectClose(features, alone, { atol: 1e-5 });
        });
      }
    }
  });

  it("passes through D once, and works with penalties", () => {
    const gan = ganOf({
      ...normed,
      loss: wasserstein(),
      techniques: [virtualBatchNorm({ in: "both" }), gradientPenalty()],
    });
    const sizes: number[] = [];
    const forward = gan.discriminator.forward.bind(gan.discriminator);
    gan.discriminator.forward = (images, labels) => {
      sizes.push(images.shape[0]!);
      return forward(images, labels);
    };
    const numbers = trainingStep(gan);
    expect(flat(numbers).every(Number.isFinite)).toBe(true);
    expect(sizes).toEqual([16, 8, 8]);
  });

  it("gives the updates of the whole batch when it is computed in parts", () => {
    const parts = { ...normed, techniques: [virtualBatchNorm({ in: "both", size: 6 })] };
    const [whole, divided] = [ganOf(parts), ganOf({ ...parts, accumulate: 4 })];
    for (const gan of [whole, divided]) for (let i = 0; i < 2; i++) trainingStep(gan).dispose();
    for (const player of ["generator", "discriminator"] as const) {
      const expected = whole[player].stateDict();
      for (const [name, tensor] of divided[player].stateDict()) {
        // Adam makes whole steps of gradients that are nothing but rounding: those of biases before the norms.
        expectClose(tensor, expected.get(name)!, { atol: 2e-4, rtol: 1e-3, label: `${player}.${name}` });
      }
    }
  });

  it("is sampled from with the same reference batch without the data, alike in both modes", () => {
    const gan = ganOf({ ...normed, techniques: [virtualBatchNorm({ in: "both" })] });
    for (let i = 0; i < 2; i++) trainingStep(gan).dispose();
    const path = writeCheckpoint(temporaryFolder(), gan, 0);
    const stored = new BuiltGan(gan.recipe, gan.shape);
    loadForSampling(path, stored);
    for (const player of ["generator", "discriminator"] as const) {
      expect(reference(stored, player)).toEqual(reference(gan, player));
      expect(new Set(reference(stored, player)).size).toBeGreaterThan(2);
    }
    const draw = (of: BuiltGan, mode: "eval" | "train"): number[] =>
      flat(drawSamples(of, { count: SAMPLE_BATCH, random: new Generator(1), averaged: false, mode }));
    const wanted = draw(gan, "eval");
    expect(draw(stored, "eval")).toEqual(wanted);
    expect(draw(stored, "train")).toEqual(wanted);
    stored.dispose();
  });

  it("refuses networks that it does not fit, by name", () => {
    const parts = { generator: mlp.generator({ latent: 4 }), loss: hinge() };
    expect(() => ganOf({ ...parts, techniques: [virtualBatchNorm()] })).toThrow(
      "`virtualBatchNorm`: the generator `mlp` has no batch norm that it could take the place of",
    );
    const both = virtualBatchNorm({ in: "both" });
    expect(() => ganOf({ ...normed, discriminator: dcgan.discriminator({ width: 2 }), techniques: [both] })).toThrow(
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
    expect(() => ganOf({ ...normed, generator, techniques: [virtualBatchNorm()] } as Partial<RecipeInput>)).toThrow(
      "the generator `stubborn` makes batch norm of its own",
    );
    const later = technique("later", () => ({
      networks: () => ({ generator: normed.generator!, discriminator: normed.discriminator! }) as never,
    }));
    for (const where of ["generator", "discriminator"] as const) {
      expect(() => ganOf({ ...normed, techniques: [virtualBatchNorm({ in: where }), later] })).toThrow(
        `describes the ${where} again and leaves it out`,
      );
    }
    expect(() => virtualBatchNorm({ size: 0 })).toThrow("`virtualBatchNorm.size` (=0) must be at least 1");
    expect(() => virtualBatchNorm({ in: "critic" as "both" })).toThrow("virtualBatchNorm.in");
  });
});

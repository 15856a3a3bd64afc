import { describe, expect, it } from "vitest";
import { type DiscriminatorNetwork, dcgan, mlp } from "../../src/models/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import { gradientPenalty, r1, r2 } from "../../src/techniques/index.ts";
import { Generator, type Tensor } from "../../src/tensor/index.ts";
import { drawSamples } from "../../src/training/sampling/sample.ts";
import type { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { expectClose, flat } from "../nn/oracle.ts";
import { ganOf, technique, tinyConvolutions } from "./tiny.ts";

type State = Record<string, number[]>;
/** The buffers of a network by name: what passes carry along. */
const carried = (network: { namedBuffers(): Map<string, Tensor> }): State =>
  Object.fromEntries([...network.namedBuffers()].map(([name, tensor]) => [name, flat(tensor)]));

/** Looks at both networks' carried state in every hook, and makes other passes that must not move it. */
function watcher(seen: { when: string; generator: State; discriminator: State }[]) {
  return technique("watcher", () => {
    let gan: BuiltGan;
    const look = (when: string): void => {
      seen.push({ when, generator: carried(gan.generator), discriminator: carried(gan.discriminator) });
    };
    return {
      prepare(built) {
        gan = built as BuiltGan;
        look("start");
      },
      discriminatorPenalty(pass) {
        look("D");
        pass.discriminate(pass.real, pass.realLabels);
        pass.discriminate(pass.fake, pass.fakeLabels);
        look("D, other passes");
        return undefined;
      },
      generatorPenalty(pass) {
        look("G");
        pass.discriminate(pass.fake, pass.labels);
        look("G, other passes");
        return undefined;
      },
      afterStep: (player) => look(`${player} done`),
    };
  });
}

describe("the state that layers carry", () => {
  it.each([
    ["spectral norm", dcgan.discriminator({ width: 2, spectralNorm: true })],
    ["batch norm", dcgan.discriminator({ width: 2, batchNorm: true })],
    ["both", dcgan.discriminator({ width: 2, spectralNorm: true, batchNorm: true })],
  ])("moves once an update of its player and at no other time: %s", (_, discriminator) => {
    const seen: { when: string; generator: State; discriminator: State }[] = [];
    const generator = dcgan.generator({ latent: 4, width: 2, spectralNorm: true });
    const gan = ganOf({ generator, discriminator, techniques: [watcher(seen)], discriminatorSteps: 2 });
    trainingStep(gan).dispose();
    drawSamples(gan, { count: 2, random: new Generator(1), averaged: true }).dispose();
    drawSamples(gan, { count: 2, random: new Generator(1), averaged: false }).dispose();
    trainingStep(gan).dispose();

    const movesOf = (player: "generator" | "discriminator"): string[] =>
      seen
        .filter((now, i) => i > 0 && JSON.stringify(now[player]) !== JSON.stringify(seen[i - 1]![player]))
        .map(({ when }) => when);
    expect(movesOf("discriminator")).toEqual(Array(4).fill("D"));
    expect(movesOf("generator")).toEqual(Array(2).fill("G"));
    for (const [name, batches] of Object.entries(seen.at(-1)!.discriminator)) {
      if (name.endsWith("num_batches_tracked")) expect(batches).toEqual([4]);
    }
  });

  it("is one power iteration a discriminator update", () => {
    const gan = ganOf(tinyConvolutions);
    const layer = "head.linear";
    const matrix = (): number[] => flat(gan.discriminator.stateDict().get(`${layer}.weight_orig`)!);
    const u = (): number => flat(gan.discriminator.stateDict().get(`${layer}.weight_u`)!)[0]!;
    const v = (): number[] => flat(gan.discriminator.stateDict().get(`${layer}.weight_v`)!);
    const [weight, before] = [matrix(), u()];
    trainingStep(gan).dispose();
    // A matrix of one row: v = W^T u / |W^T u|, and u = W v / |W v| is the sign that it had.
    const length = Math.hypot(...weight);
    expectClose(
      v(),
      weight.map((value) => (value * before) / (length * Math.abs(before))),
      { atol: 1e-6 },
    );
    expect(u()).toBeCloseTo(Math.sign(before), 6);
  });
});

describe("the passes over real and generated images", () => {
  /** The batch sizes in which the discriminator was asked, in order. */
  function passesOf(parts: Partial<RecipeInput>): number[] {
    const gan = ganOf(parts);
    const sizes: number[] = [];
    const { discriminator } = gan;
    const forward = discriminator.forward.bind(discriminator);
    discriminator.forward = (images, labels) => {
      sizes.push(images.shape[0]!);
      return forward(images, labels);
    };
    trainingStep(gan).dispose();
    return sizes;
  }

  it("takes one pass, and two where the samples of a batch influence each other", () => {
    expect(passesOf(tinyConvolutions)).toEqual([16, 8]);
    expect(passesOf({ discriminator: dcgan.discriminator({ width: 2, batchNorm: true }) })).toEqual([8, 8, 8]);
  });

  it("takes two for the slope at one of both, and one for both", () => {
    const slopes = (...techniques: NonNullable<RecipeInput["techniques"]>): number[] =>
      passesOf({ ...tinyConvolutions, techniques });
    expect(slopes(r1())).toEqual([8, 8, 8]);
    expect(slopes(r2())).toEqual([8, 8, 8]);
    expect(slopes(r1(), r2())).toEqual([16, 8]);
    expect(slopes(gradientPenalty())).toEqual([16, 8, 8]);
    expect(slopes(r1({ finiteDifference: 0.1 }))).toEqual([16, 8, 8]);
  });

  it("asks every module whether it couples samples, a user's module too", () => {
    const coupling = technique("coupling", () => ({
      networks: ({ generator, discriminator }) => ({
        generator,
        discriminator: {
          ...discriminator,
          build(context): DiscriminatorNetwork {
            const network = discriminator.build(context);
            Object.defineProperty(network.modules().at(-1)!, "couplesSamples", { value: true });
            return network;
          },
        },
      }),
    }));
    expect(passesOf({ techniques: [coupling] })).toEqual([8, 8, 8]);
  });

  it("gives both their labels, and the generator's images theirs", () => {
    const seen: Record<string, number[]> = {};
    const spy = technique("labelSpy", () => ({
      discriminatorPenalty(pass) {
        seen.real = flat(pass.realLabels!);
        seen.fake = flat(pass.fakeLabels!);
        // The oracle: each half by itself with its own labels.
        expectClose(pass.discriminate(pass.real, pass.realLabels).score, pass.realOutput.score, { atol: 1e-6 });
        expectClose(pass.discriminate(pass.fake, pass.fakeLabels).score, pass.fakeOutput.score, { atol: 1e-6 });
        const others = pass.realLabels!.neg().add(1);
        expect(flat(pass.discriminate(pass.real, others).score)).not.toEqual(flat(pass.realOutput.score));
        return undefined;
      },
      generatorPenalty(pass) {
        seen.made = flat(pass.labels!);
        expectClose(pass.discriminate(pass.fake, pass.labels).score, pass.fakeOutput.score, { atol: 1e-6 });
        return undefined;
      },
    }));
    const gan = ganOf({
      generator: mlp.generator({ latent: 4, hidden: [8], conditional: true }),
      discriminator: mlp.discriminator({ hidden: [8], conditional: true }),
      techniques: [spy],
    });
    trainingStep(gan).dispose();
    for (const labels of Object.values(seen)) expect(labels.every((label) => label === 0 || label === 1)).toBe(true);
    expect(seen.fake).not.toEqual(seen.made);
    expect(new Set(seen.fake)).toEqual(new Set([0, 1]));
  });

  it("needs no labels where the data has none", () => {
    const gan = ganOf({}, { count: 16, size: 16, classes: 0 });
    expect(gan.labels(4)).toBeUndefined();
    expect(flat(trainingStep(gan)).every(Number.isFinite)).toBe(true);
  });
});

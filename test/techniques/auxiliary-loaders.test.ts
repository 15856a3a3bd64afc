import { describe, expect, it } from "vitest";
import type { AuxiliaryLoaders, Gan, Technique } from "../../src/techniques/index.ts";
import { keep, Tensor } from "../../src/tensor/index.ts";
import {
  loadCheckpoint,
  loadForSampling,
  readCheckpointState,
  writeCheckpoint,
} from "../../src/training/run/checkpoint.ts";
import { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { flat } from "../nn/oracle.ts";
import { ganOf, loaderOf, technique, temporaryFolder, tinyRecipe } from "../training/tiny.ts";

describe("auxiliary loaders", () => {
  /** Keeps a reference batch and draws labelled batches, as virtual batch norm and semi-supervised learning would. */
  function curious(seen: { reference?: number[]; batches: number[][] }) {
    return technique("curious", () => {
      let reference: Tensor | undefined;
      let labelled: AuxiliaryLoaders[string] | undefined;
      return {
        loaders: () => ({ reference: { batchSize: 3 }, labelled: { batchSize: 4, perClass: 2 } }),
        prepare(_gan: Gan, loaders: AuxiliaryLoaders) {
          labelled = loaders.labelled;
          reference = keep(loaders.reference?.next().images ?? Tensor.zeros([3, 1, 16, 16]));
        },
        extraUpdate() {
          const { images, labels } = labelled!.next();
          expect(images.shape).toEqual([4, 1, 16, 16]);
          expect(flat(labels!).sort()).toEqual([0, 0, 1, 1]);
          seen.batches.push(flat(images));
        },
        state: () => ({ tensors: new Map([["reference", reference!]]), numbers: {} }),
        load({ tensors }) {
          reference!.copy_(tensors.get("reference")!);
          seen.reference = flat(reference!);
        },
      } satisfies Omit<Technique, "name">;
    });
  }

  it("have orders of their own, are kept by checkpoints, and leave the training batches alone", () => {
    const plain: number[][] = [];
    const spy = (into: number[][]) =>
      technique("batchSpy", () => ({ discriminatorPenalty: (pass) => void into.push(flat(pass.real)) }));
    const without = ganOf({ techniques: [spy(plain)] });
    for (let i = 0; i < 5; i++) trainingStep(without).dispose();

    const seen = { batches: [] as number[][] };
    const real: number[][] = [];
    const gan = ganOf({ techniques: [curious(seen), spy(real)] });
    for (let i = 0; i < 3; i++) trainingStep(gan).dispose();
    const path = writeCheckpoint(temporaryFolder(), gan, 0);
    // The names of version 0.1, whose checkpoints are read.
    expect(Object.keys(readCheckpointState(path).numbers)).toEqual(
      expect.arrayContaining(["feed", "feed.curious.reference", "feed.curious.labelled"]),
    );
    for (let i = 0; i < 2; i++) trainingStep(gan).dispose();
    expect(real).toEqual(plain);
    // Two of each of two classes: a batch of 4 is the whole labelled set, in an order that changes.
    const asSet = (batch: number[]) =>
      new Set(Array.from({ length: 4 }, (_, i) => String(batch.slice(256 * i, 256 * i + 256))));
    expect(seen.batches.map(asSet)).toEqual(Array(5).fill(asSet(seen.batches[0]!)));
    expect(new Set(seen.batches.map(String)).size).toBeGreaterThan(1);

    const again = { batches: [] as number[][], reference: [] as number[] };
    const resumed = ganOf({ techniques: [curious(again), spy([])] });
    loadCheckpoint(path, resumed);
    for (let i = 0; i < 2; i++) trainingStep(resumed).dispose();
    expect(again.batches).toEqual(seen.batches.slice(3));

    const forSampling = { batches: [] as number[][], reference: [] as number[] };
    const recipe = tinyRecipe({ techniques: [curious(forSampling), spy([])] });
    const sampled = new BuiltGan(recipe, gan.shape);
    loadForSampling(path, sampled);
    expect(forSampling.reference).toEqual(again.reference);
    expect(forSampling.reference.some((value) => value !== 0)).toBe(true);
    // Not the first images of the training batches again.
    expect(forSampling.reference).not.toEqual(real[0]!.slice(0, forSampling.reference.length));
    sampled.dispose();
  });

  it("are refused by name where the data cannot give them", () => {
    const wanting = (request: object) => technique("wanting", () => ({ loaders: () => ({ few: request }) }));
    const recipe = tinyRecipe({ techniques: [wanting({})] });
    const shape = { sample: { features: 2 }, classes: [] };
    expect(() => new BuiltGan(recipe, shape, loaderOf([]))).toThrow("`wanting` needs an auxiliary loader (few)");
    const unlabelled = { count: 8, size: 16, classes: 0 };
    expect(() => ganOf({ techniques: [wanting({ perClass: 1 })] }, unlabelled)).toThrow("noise has no class labels");
    const scarce = { count: 9, size: 16, classes: 2 };
    expect(() => ganOf({ techniques: [wanting({ perClass: 5 })] }, scarce)).toThrow(
      "noise has 4 images of class class 1, and a technique asks for 5",
    );
  });
});

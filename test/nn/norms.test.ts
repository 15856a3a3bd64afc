import { describe, expect, it } from "vitest";
import {
  type BatchNorm,
  BatchNorm1d,
  BatchNorm2d,
  CrossReplicaBatchNorm,
  frozenStatistics,
  LayerNorm,
  type UnaryModule,
  VirtualBatchNorm,
  withPassMode,
} from "../../src/nn/index.ts";
import { grad, noGrad, Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, fill, fixture, flat, noise } from "./oracle.ts";

interface Case {
  names: string[];
  passes: { mode: string; output: number[]; gradients: number[][]; buffers: Record<string, number[]> }[];
}
const stored = fixture<{ norms: Record<string, Case> }>("nn").norms;
const TIGHT = { atol: 1e-10, rtol: 1e-10 };

const image = (): Tensor => noise([4, 3, 2, 2], 40);
const cases: Record<string, { make: () => UnaryModule; input: () => Tensor }> = {
  batchNorm2d: { make: () => new BatchNorm2d(contextOf(), 3), input: image },
  batchNorm1d: {
    make: () => new BatchNorm1d(contextOf(), 3, { eps: 1e-3, momentum: 0.3 }),
    input: () => noise([6, 3], 41),
  },
  cumulative: { make: () => new BatchNorm2d(contextOf(), 3, { momentum: null }), input: image },
  layerNorm: { make: () => new LayerNorm(contextOf(), [3, 2, 2]), input: image },
};

describe("normalisations against PyTorch", () => {
  it.each(Object.keys(cases))("%s: outputs, gradients and statistics over four passes", (name) => {
    const expected = stored[name]!;
    const layer = fill(cases[name]!.make());
    expect([...layer.stateDict().keys()]).toEqual(expected.names);
    for (const [i, pass] of expected.passes.entries()) {
      layer.train(pass.mode === "train");
      const output = layer.forward(cases[name]!.input());
      expectClose(output, pass.output, { ...TIGHT, label: `pass ${i} output` });
      const gradients = grad(output.mul(noise(output.shape, 50 + i)).sum(), layer.parameters());
      for (const [j, gradient] of gradients.entries()) {
        expectClose(gradient, pass.gradients[j]!, { ...TIGHT, label: `pass ${i} gradient ${j}` });
      }
      for (const [key, buffer] of layer.namedBuffers()) {
        expectClose(buffer, pass.buffers[key]!, { ...TIGHT, label: `pass ${i} ${key}` });
      }
    }
  });
});

describe("batch norm", () => {
  const stateOf = (layer: BatchNorm): number[][] => [...layer.namedBuffers().values()].map(flat);

  it("normalises a frozen pass with the batch and leaves the running statistics alone", () => {
    const layer = fill(new BatchNorm2d(contextOf(), 3));
    const before = stateOf(layer);
    const frozen = frozenStatistics(() => layer.forward(image()));
    expect(stateOf(layer)).toEqual(before);
    expect(flat(frozen)).toEqual(flat(layer.forward(image())));
    expect(stateOf(layer)).not.toEqual(before);
  });

  it("uses the running statistics in evaluation mode, frozen or not", () => {
    const layer = fill(new BatchNorm2d(contextOf(), 3)).eval();
    const free = flat(layer.forward(image()));
    expect(flat(frozenStatistics(() => layer.forward(image())))).toEqual(free);
  });

  it("forgets its statistics on request", () => {
    const layer = new BatchNorm1d(contextOf(), 2);
    layer.forward(noise([4, 2], 3));
    layer.resetRunningStats();
    expect(stateOf(layer)).toEqual([[0, 0], [1, 1], [0]]);
  });

  it("normalises with the batch in both modes without running statistics", () => {
    const layer = new BatchNorm1d(contextOf(), 2, { trackRunningStats: false, affine: false });
    expect(layer.stateDict().size).toBe(0);
    const training = flat(layer.forward(noise([4, 2], 3)));
    expect(flat(layer.eval().forward(noise([4, 2], 3)))).toEqual(training);
  });

  it("has an offset without a gain on request, in every kind of it", () => {
    const kinds = {
      plain: (affine: true | "offset") => new BatchNorm1d(contextOf(), 3, { affine }),
      crossReplica: (affine: true | "offset") => new CrossReplicaBatchNorm(contextOf(), 1, 3, { affine }),
      virtual: (affine: true | "offset") => new VirtualBatchNorm(contextOf(), 3, { affine }),
    };
    for (const [kind, make] of Object.entries(kinds)) {
      const [with_, without] = [make(true), make("offset")];
      for (const layer of [with_, without]) {
        noGrad(() =>
          layer
            .stateDict()
            .get("bias")!
            .copy_(Tensor.fromArray([0.5, -2, 3])),
        );
      }
      expect(without.stateDict().has("weight"), kind).toBe(false);
      const pass = (layer: UnaryModule): number[] =>
        flat(withPassMode({ referenceRows: 2 }, () => layer.forward(noise([5, 3], 8))));
      // A gain begins as 1.
      expect(pass(without), kind).toEqual(pass(with_));
    }
  });

  it("says that it couples the samples of a batch, which layer norm does not", () => {
    const x = noise([4, 3], 41);
    const changes = (layer: UnaryModule): boolean => {
      const alone = flat(layer.forward(x.narrow(0, 0, 2)));
      return flat(layer.forward(x).narrow(0, 0, 2)).some((value, i) => value !== alone[i]);
    };
    for (const layer of [new BatchNorm1d(contextOf(), 3), new LayerNorm(contextOf(), [3])]) {
      expect(layer.couplesSamples).toBe(changes(layer));
    }
    expect(new BatchNorm2d(contextOf(), 3).couplesSamples).toBe(true);
  });

  it("names the shape that does not fit", () => {
    expect(() => new BatchNorm2d(contextOf(), 3).forward(noise([2, 4, 2, 2], 1))).toThrow(
      "BatchNorm2d: input of shape [2, 4, 2, 2] must have 4 dimensions and 3 channels",
    );
    expect(() => new BatchNorm1d(contextOf(), 3).forward(noise([2, 3, 2, 2], 1))).toThrow("2 or 3 dimensions");
  });
});

describe("a batch with one value per channel", () => {
  it("is refused where it would be normalised by itself, and only there", () => {
    const one = noise([1, 3], 1);
    const layer = new BatchNorm1d(contextOf(), 3);
    const spread = (): number[] => flat(layer.stateDict().get("running_var")!);
    const before = spread();
    const says = "BatchNorm1d: a batch of shape [1, 3] has one value per channel, and batch statistics need at least 2";
    expect(() => layer.forward(one)).toThrow(says);
    expect(() => frozenStatistics(() => layer.forward(one))).toThrow(says);
    expect(() => new BatchNorm1d(contextOf(), 3, { trackRunningStats: false }).eval().forward(one)).toThrow(says);
    expect(spread()).toEqual(before);
    expect(layer.eval().forward(one).shape).toEqual([1, 3]);
    expect(new BatchNorm2d(contextOf(), 3).forward(noise([1, 3, 1, 2], 1)).shape).toEqual([1, 3, 1, 2]);
  });
});

describe("frozenStatistics", () => {
  it("ends with an error inside it, and nests", () => {
    const layer = new BatchNorm1d(contextOf(), 2);
    expect(() =>
      frozenStatistics(() => {
        frozenStatistics(() => layer.forward(noise([4, 2], 3)));
        layer.forward(noise([4, 2], 3));
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(layer.stateDict().get("num_batches_tracked")!.item()).toBe(0);
    layer.forward(noise([4, 2], 3));
    expect(layer.stateDict().get("num_batches_tracked")!.item()).toBe(1);
  });

  it("refuses a function that returns a promise", () => {
    expect(() => frozenStatistics(async () => 1)).toThrow("synchronous");
  });
});

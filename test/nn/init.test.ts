import { describe, expect, it } from "vitest";
import {
  Conv2d,
  ConvTranspose2d,
  createTensor,
  Embedding,
  fans,
  filled,
  gainOf,
  INITIALISERS,
  type Initialiser,
  initialiserOf,
  kaimingNormal,
  kaimingUniform,
  Linear,
  type Module,
  normal,
  ones,
  orthogonal,
  uniform,
  xavierNormal,
  xavierUniform,
  zeros,
} from "../../src/nn/index.ts";
import { Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, fixture, flat } from "./oracle.ts";

const stored = fixture<{
  initialisers: Record<string, number[]> & {
    gains: Record<string, number>;
    defaults: Record<string, Record<string, number[]>>;
  };
}>("nn").initialisers;

const SHAPE = [5, 3, 4, 4];
const draw = (initialise: Initialiser, shape = SHAPE): Tensor =>
  createTensor(contextOf(11, "float32"), shape, initialise);

describe("initialisers draw the same numbers as PyTorch from the same seed", () => {
  const cases: Record<string, Initialiser> = {
    xavierUniform: xavierUniform(1.5),
    xavierNormal: xavierNormal(1.5),
    kaimingUniform: kaimingUniform({ mode: "fanOut", slope: 0.2 }),
    kaimingNormal: kaimingNormal({ nonlinearity: "relu" }),
    normal: normal(0.02, 0.5),
    orthogonalWide: orthogonal(2),
  };
  it.each(Object.keys(cases))("%s", (name) => {
    expectClose(draw(cases[name]!), stored[name]!, { atol: 2e-6, rtol: 1e-5 });
  });

  it("orthogonalTall", () => expectClose(draw(orthogonal(), [7, 3]), stored.orthogonalTall!, { atol: 2e-6 }));
  it("orthogonalSquare", () => expectClose(draw(orthogonal(), [5, 5]), stored.orthogonalSquare!, { atol: 2e-6 }));

  const layers: Record<string, () => Module> = {
    linear: () => new Linear(contextOf(12, "float32"), 5, 4),
    conv: () => new Conv2d(contextOf(12, "float32"), 3, 4, 3),
    convTranspose: () => new ConvTranspose2d(contextOf(12, "float32"), 3, 4, 3),
    embedding: () => new Embedding(contextOf(12, "float32"), 6, 4),
  };
  it.each(Object.keys(layers))("the default of %s", (name) => {
    const state = layers[name]!().stateDict();
    expect([...state.keys()]).toEqual(Object.keys(stored.defaults[name]!));
    for (const [key, tensor] of state) expectClose(tensor, stored.defaults[name]![key]!, { label: key });
  });
});

describe("initialisers", () => {
  it("make orthonormal rows or columns, whichever are fewer", () => {
    for (const shape of [
      [4, 3, 2, 2],
      [12, 5],
      [6, 6],
    ]) {
      const rows = draw(orthogonal(3), shape).double().reshape([shape[0]!, -1]);
      const wide = shape[0]! <= rows.shape[1]!;
      const gram = wide ? rows.matmul(rows.transpose(0, 1)) : rows.transpose(0, 1).matmul(rows);
      expectClose(gram, Tensor.eye(gram.shape[0]!, { dtype: "float64" }).mul(9), { atol: 1e-5 });
    }
  });

  it("have PyTorch's gains", () => {
    const gains = stored.gains;
    expectClose([gainOf("linear"), gainOf("tanh"), gainOf("relu")], [gains.linear!, gains.tanh!, gains.relu!]);
    expectClose([gainOf("leakyRelu", 0.2), gainOf("selu")], [gains.leakyRelu!, gains.selu!]);
  });

  it("count fans by PyTorch's rule", () => {
    expect(fans([5, 3, 4, 4])).toEqual({ fanIn: 48, fanOut: 80 });
    expect(fans([5, 3])).toEqual({ fanIn: 3, fanOut: 5 });
    expect(() => fans([5])).toThrow("shape [5]");
    expect(() => draw(orthogonal(), [5])).toThrow("shape [5]");
  });

  it("fill, and stay within bounds", () => {
    expect(flat(draw(zeros, [2]))).toEqual([0, 0]);
    expect(flat(draw(ones, [2]))).toEqual([1, 1]);
    expect(flat(draw(filled(0.5), [2]))).toEqual([0.5, 0.5]);
    const values = flat(draw(uniform(2, 3), [1000]));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...values)).toBeLessThan(3);
  });

  it("are all found by name and differ", () => {
    const sums = INITIALISERS.map((name) => draw(initialiserOf(name)).abs().sum().item());
    expect(new Set(sums).size).toBe(INITIALISERS.length);
  });

  it("leave the global generator alone", () => {
    const a = Tensor.rand([1]).item();
    draw(orthogonal());
    new Linear(contextOf(12), 5, 4);
    expect(Tensor.rand([1]).item()).not.toBe(a);
    expect(flat(draw(normal()))).toEqual(flat(draw(normal())));
  });
});

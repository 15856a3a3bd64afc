/** What cannot be traced is refused, by the operator and the module that called it. */
import { expect, it } from "vitest";
import { converted } from "../../src/export/onnx/convert.ts";
import { disposeGraph, replay, simplified, trace } from "../../src/export/trace/index.ts";
import { BatchNorm2d, Conv2d, Dropout, Linear, Module, Sequential, UnaryModule, View } from "../../src/nn/index.ts";
import { Generator, inferenceMode, noGrad, Tensor } from "../../src/tensor/index.ts";

const random = new Generator(1);
const context = { rng: new Generator(2) };

/** A layer of one function. */
class Layer extends UnaryModule {
  readonly #run: (x: Tensor) => Tensor;

  constructor(run: (x: Tensor) => Tensor) {
    super();
    this.#run = run;
  }

  override forward(x: Tensor): Tensor {
    return this.#run(x);
  }
}

/** linear, then the function, as modules "0" and "1". */
function traced(run: (x: Tensor) => Tensor) {
  const network = new Sequential(new Linear(context, 6, 4), new Layer(run)).eval();
  return inferenceMode(() =>
    trace({
      networks: { network },
      inputs: (batch) => new Map([["z", Tensor.randn([batch, 6], { generator: random })]]),
      forward: (given) => new Map([["out", network.forward(given.get("z")!)]]),
    }),
  );
}

it.each([
  [
    "draws",
    (x: Tensor) => x.add(Tensor.randn(x.shape)),
    /aten::randn\.generator, called by the module 1, draws random numbers/,
  ],
  ["draws in place", (x: Tensor) => x.add(Tensor.zeros([4]).normal_()), /aten::normal_, called by the module 1, draws/],
  ["dropout in train mode", (x: Tensor) => x.dropout(0.5, true), /aten::dropout, called by the module 1, draws/],
  ["one number read", (x: Tensor) => x.mul(x.sum().item()), /aten::item, called by the module 1, reads a number/],
  [
    "all numbers read",
    (x: Tensor) => x.add(Tensor.fromArray(x.toArray()).view(x.shape)),
    /toArray, called by the module 1, reads/,
  ],
  [
    "another path",
    (x: Tensor) => (x.shape[0]! > 2 ? x.exp() : x.neg()),
    /aten::neg, called by the module 1, is not called for every/,
  ],
  [
    "no proportion",
    (x: Tensor) => x.mul(1 / x.shape[0]!),
    /aten::mul\.Scalar, called by the module 1, takes a number that depends/,
  ],
  [
    "values that change",
    (x: Tensor) => x.mul(changing()),
    /aten::mul\.Tensor, called by the module 1, takes another `other` in every/,
  ],
  [
    "a view of changed memory",
    (x: Tensor) => {
      const view = x.view([-1, 2, 2]);
      x.relu_();
      return view.exp();
    },
    /aten::exp, called by the module 1, takes a view of a tensor that aten::relu_ changed/,
  ],
  ["nothing of the input", () => Tensor.ones([2]).exp(), /its output `out` does not depend/],
] as const)("%s", (_, run, message) => {
  expect(() => traced(run)).toThrow(message);
});

let calls = 0;
const changing = (): Tensor => Tensor.fromArray([1, 2, 3, ++calls]);

it("names the module of an operator without a form in ONNX", () => {
  const graph = traced((x) => x.lgamma());
  expect(() => converted(graph)).toThrow(
    /^the network cannot be exported: aten::lgamma, called by the module 1, has no form in ONNX/,
  );
  disposeGraph(graph);
});

it("leaves modules as they were", () => {
  const network = new Sequential(new Linear(context, 6, 4), new Dropout());
  expect(() => traced(() => raise())).toThrow("stop");
  expect(network.layers.every((layer) => !Object.hasOwn(layer, "forward"))).toBe(true);
});

const raise = (): never => {
  throw new Error("stop");
};

class Two extends Module {
  readonly body: Sequential;
  constructor(body: Sequential) {
    super();
    this.body = this.registerModule("body", body);
  }
}

it("folds batch norm into the layer before it, and a linear layer's through its view", () => {
  const norms = [new BatchNorm2d(context, 3), new BatchNorm2d(context, 2)];
  const [first, second] = norms as [BatchNorm2d, BatchNorm2d];
  const body = new Sequential(
    new Linear(context, 6, 12, { bias: false }),
    new View([3, 2, 2]),
    first,
    new Conv2d(context, 3, 2, 3, { padding: 1 }),
    second,
  );
  const network = new Two(body);
  noGrad(() => {
    for (const tensor of network.stateDict().values()) {
      if (tensor.dtype === "float32") tensor.copy_(Tensor.rand(tensor.shape, { generator: random }).add(0.5));
    }
  });
  network.eval();
  inferenceMode(() => {
    const inputs = (batch: number) => new Map([["z", Tensor.randn([batch, 6], { generator: random })]]);
    const forward = (given: ReadonlyMap<string, Tensor>) => new Map([["out", body.forward(given.get("z")!)]]);
    const graph = simplified(trace({ networks: { network }, inputs, forward }));
    expect(graph.nodes.map(({ operator, module }) => [operator, module])).toEqual([
      ["aten::linear", "body.0"],
      ["aten::reshape", "body.1"],
      ["gantry::conv2d", "body.3"],
    ]);
    const given = inputs(3);
    const difference = replay(graph, given).get("out")!.sub(forward(given).get("out")!).abs().max().item();
    expect(difference).toBeLessThan(1e-4);
    disposeGraph(graph);
  });
});

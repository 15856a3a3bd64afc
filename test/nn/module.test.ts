import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import {
  BatchNorm1d,
  type BuildContext,
  createTensor,
  Linear,
  Module,
  ones,
  ReLU,
  Sequential,
  UnaryModule,
} from "../../src/nn/index.ts";
import { grad, liveTensors, noGrad, scope, Tensor } from "../../src/tensor/index.ts";
import { contextOf, fill, flat, noise } from "./oracle.ts";

const network = (): Sequential =>
  new Sequential(
    new Linear(contextOf(), 3, 4),
    new BatchNorm1d(contextOf(), 4),
    new ReLU(),
    new Linear(contextOf(), 4, 1),
  );

class Twins extends Module {
  readonly shared: Linear;

  constructor(context: BuildContext) {
    super();
    this.shared = this.registerModule("left", new Linear(context, 2, 2));
    this.registerModule("right", this.shared);
  }
}

class Careless extends UnaryModule {
  constructor(names: readonly string[]) {
    super();
    for (const name of names) this.registerBuffer(name, createTensor(contextOf(), [1], ones));
  }

  override forward(x: Tensor): Tensor {
    return x.mul(this.parameter("scale"));
  }
}

describe("Module", () => {
  it("names its tensors as PyTorch does", () => {
    expect([...network().stateDict().keys()]).toEqual([
      "0.weight",
      "0.bias",
      "1.weight",
      "1.bias",
      "1.running_mean",
      "1.running_var",
      "1.num_batches_tracked",
      "3.weight",
      "3.bias",
    ]);
    expect([...network().namedParameters().keys()]).toEqual([
      "0.weight",
      "0.bias",
      "1.weight",
      "1.bias",
      "3.weight",
      "3.bias",
    ]);
    expect(network().parameterCount()).toBe(12 + 4 + 8 + 5);
  });

  it("lists a shared module once", () => {
    const twins = new Twins(contextOf());
    expect(twins.modules().length).toBe(2);
    expect(twins.parameters().length).toBe(2);
  });

  it("switches modes all the way down", () => {
    const net = network().eval();
    expect(net.modules().map((module) => module.training)).toEqual([false, false, false, false, false]);
    expect(net.train().layers[1]!.training).toBe(true);
  });

  it("carries weights from one network to another", () => {
    const source = fill(network());
    const target = network();
    target.loadStateDict(source.stateDict());
    for (const [name, tensor] of target.stateDict()) expect(flat(tensor)).toEqual(flat(source.stateDict().get(name)!));
    expect(flat(target.eval().forward(noise([2, 3], 1)))).toEqual(flat(source.eval().forward(noise([2, 3], 1))));
    expect(target.parameters().every((parameter) => parameter.requiresGrad)).toBe(true);
  });

  it("refuses a state dict that does not fit, and takes nothing of it", () => {
    const net = fill(network());
    const before = flat(net.stateDict().get("0.weight")!);
    const other = network().stateDict();
    other.set("3.weight", Tensor.zeros([1, 5]));
    expect(() => net.loadStateDict(other)).toThrow(
      "state dict: `3.weight` has shape [1, 5], this network needs [1, 4]",
    );
    other.delete("3.weight");
    other.set("3.wait", Tensor.zeros([1, 4]));
    expect(() => net.loadStateDict(other)).toThrow("it lacks 3.weight and has 3.wait which this network does not know");
    expect(() => net.loadStateDict(other)).toThrow(UserError);
    expect(flat(net.stateDict().get("0.weight")!)).toEqual(before);
    net.loadStateDict(other, { strict: false });
    expect(flat(net.stateDict().get("0.weight")!)).not.toEqual(before);
  });

  it("turns gradient recording off and on", () => {
    const net = network().requiresGrad_(false);
    expect(net.forward(noise([2, 3], 1)).requiresGrad).toBe(false);
    expect(net.requiresGrad_(true).forward(noise([2, 3], 1)).requiresGrad).toBe(true);
  });

  it("converts floating-point tensors and frees the old ones", () => {
    const net = network();
    const before = liveTensors();
    const old = net.parameters()[0]!;
    scope(() => net.to({ dtype: "float32" }));
    expect(liveTensors()).toBe(before);
    expect(() => old.shape).toThrow("freed");
    expect(net.stateDict().get("0.weight")!.dtype).toBe("float32");
    expect(net.stateDict().get("1.num_batches_tracked")!.dtype).toBe("int64");
    expect(net.parameters().every((parameter) => parameter.requiresGrad)).toBe(true);
    const output = net.forward(noise([2, 3], 1, "float32"));
    expect(grad(output.sum(), net.parameters()).length).toBe(6);
  });

  it("lays out four-dimensional tensors only", () => {
    const holder = new (class extends Module {
      constructor() {
        super();
        this.registerParameter("kernel", createTensor(contextOf(), [4, 3, 2, 2], ones));
        this.registerParameter("matrix", createTensor(contextOf(), [4, 3], ones));
      }
    })();
    holder.to({ memoryFormat: "channelsLast" });
    const [kernel, matrix] = holder.parameters();
    expect(kernel!.isContiguous("channelsLast")).toBe(true);
    expect(matrix!.isContiguous()).toBe(true);
  });

  it("keeps its tensors through scopes and frees them on dispose", () => {
    const before = liveTensors();
    const net = scope(network);
    expect(liveTensors()).toBe(before + 9);
    expect(scope(() => net.forward(noise([2, 3], 1))).shape).toEqual([2, 1]);
    net.dispose();
    expect(() => net.forward(noise([2, 3], 1))).toThrow("freed");
  });

  it("lends its names to other tensors and takes them back", () => {
    const net = fill(network()).eval();
    const other = fill(network(), 30);
    const x = noise([2, 3], 1);
    const own = flat(net.forward(x));
    const lent = net.substitute(other.stateDict(), () => flat(net.forward(x)));
    expect(lent).toEqual(flat(other.eval().forward(x)));
    expect(flat(net.forward(x))).toEqual(own);
    expect(() =>
      net.substitute(other.stateDict(), () => {
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(flat(net.forward(x))).toEqual(own);
    const wrong = new Map([["0.wieght", x]]);
    expect(() => net.substitute(wrong, () => 0)).toThrow("`0.wieght`; did you mean `0.weight`?");
  });

  it("differentiates through substituted tensors", () => {
    const net = fill(network());
    const x = noise([2, 3], 1);
    const moved = new Map([...net.namedParameters()].map(([name, tensor]) => [name, tensor.mul(2)]));
    const gradients = grad(net.substitute(moved, () => net.forward(x)).sum(), net.parameters());
    expect(gradients[5]!.item()).toBe(2 * 2);
  });

  it("refuses names that clash or are ambiguous, and lists the existing names", () => {
    expect(() => new Careless(["a", "a"])).toThrow("Careless: `a` is registered twice");
    expect(() => new Careless(["a.b"])).toThrow("dots separate levels");
    expect(() => new Careless(["a"]).forward(noise([1], 1))).toThrow("Careless has no parameter `scale`; it has: none");
  });

  it("is not moved by writes under noGrad into copies", () => {
    const net = fill(network());
    const copy = net.stateDict().get("0.weight")!.detach().clone();
    noGrad(() => copy.zero_());
    expect(flat(net.stateDict().get("0.weight")!).some((value) => value !== 0)).toBe(true);
  });
});

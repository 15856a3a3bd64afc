import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { adam, type Optimizer, rmsprop, sgd } from "../../src/optim/index.ts";
import { liveTensors, scope, Tensor } from "../../src/tensor/index.ts";
import { expectClose, fixture, flat } from "../nn/oracle.ts";

interface Case {
  after: Record<string, number[][]>;
  names: string[];
}
const stored = fixture<{
  shapes: number[][];
  start: number[][];
  gradients: number[][][];
  cases: Record<string, Case>;
}>("optim");

const cases: Record<string, (parameters: Tensor[]) => Optimizer> = {
  adam: (parameters) => adam({ lr: 1e-2 }).build({ parameters }),
  adamGan: (parameters) => adam({ lr: 1e-2, betas: [0, 0.9] }).build({ parameters }),
  adamEps: (parameters) => adam({ lr: 1e-2, betas: [0.5, 0.99], eps: 1e-3, weightDecay: 0.1 }).build({ parameters }),
  sgd: (parameters) => sgd({ lr: 1e-2 }).build({ parameters }),
  sgdMomentum: (parameters) => sgd({ lr: 1e-2, momentum: 0.9, weightDecay: 0.1 }).build({ parameters }),
  sgdNesterov: (parameters) => sgd({ lr: 1e-2, momentum: 0.9, nesterov: true }).build({ parameters }),
  rmsprop: (parameters) => rmsprop({ lr: 1e-2 }).build({ parameters }),
  rmspropAll: (parameters) =>
    rmsprop({ lr: 1e-2, alpha: 0.9, eps: 1e-4, momentum: 0.8, centered: true, weightDecay: 0.1 }).build({ parameters }),
};

const tensorsOf = (values: number[][]): Tensor[] =>
  values.map((row, i) => Tensor.fromArray(Float32Array.from(row), stored.shapes[i]!));
const startOf = (): Tensor[] => tensorsOf(stored.start).map((tensor) => tensor.requiresGrad_());

describe("optimizers against PyTorch over 25 steps, the rate cut to a tenth after 20", () => {
  it.each(Object.keys(cases))("%s", (name) => {
    const parameters = startOf();
    const optimizer = cases[name]!(parameters);
    for (const [step, gradients] of stored.gradients.entries()) {
      if (step === 20) optimizer.lr = optimizer.baseLr / 10;
      optimizer.step(tensorsOf(gradients));
      const expected = stored.cases[name]!.after[step + 1];
      for (const [i, parameter] of parameters.entries()) {
        if (expected) expectClose(parameter, expected[i]!, { atol: 1e-6, rtol: 1e-6, label: `step ${step + 1}` });
      }
    }
  });

  it("name their state as PyTorch does", () => {
    for (const [name, make] of Object.entries(cases)) {
      const names = new Set([...make(startOf()).state().keys()].map((key) => key.replace(/^\d+\./, "")));
      // With beta1 = 0 the first moment is the gradient and is not kept.
      const expected = stored.cases[name]!.names.filter((key) => name !== "adamGan" || key !== "exp_avg");
      expect([...names].sort(), name).toEqual(expected);
    }
  });
});

describe("an optimizer", () => {
  it.each(Object.keys(cases))("%s continues from its state with the same bits", (name) => {
    const run = (parameters: Tensor[], optimizer: Optimizer, from: number, to: number): number[][] => {
      for (const gradients of stored.gradients.slice(from, to)) optimizer.step(tensorsOf(gradients));
      return parameters.map(flat);
    };
    const parameters = startOf();
    const whole = cases[name]!(parameters);
    run(parameters, whole, 0, 10);
    whole.lr = whole.baseLr / 10;
    const copies = parameters.map((parameter) => parameter.detach().clone().requiresGrad_());
    const resumed = cases[name]!(copies);
    resumed.load(whole.state(), whole.scalars());
    expect([resumed.lr, resumed.baseLr]).toEqual([whole.lr, whole.baseLr]);
    expect(run(copies, resumed, 10, 25)).toEqual(run(parameters, whole, 10, 25));
  });

  it("allocates its state once and leaves nothing behind in a step", () => {
    const parameters = startOf();
    const optimizer = cases.rmspropAll!(parameters);
    const gradients = tensorsOf(stored.gradients[0]!);
    const before = liveTensors();
    for (let i = 0; i < 3; i++) optimizer.step(gradients);
    expect(liveTensors()).toBe(before);
    optimizer.dispose();
    expect(liveTensors()).toBe(before - 6);
  });

  it("outlives the scope that it was built in", () => {
    const parameters = startOf();
    const optimizer = scope(() => cases.adam!(parameters));
    optimizer.step(tensorsOf(stored.gradients[0]!));
    expectClose(parameters[0]!, stored.cases.adam!.after[1]![0]!);
  });

  it("refuses gradients of another number and a run without parameters", () => {
    expect(() => cases.sgd!(startOf()).step([])).toThrow("SGD: 0 gradients for 2 parameters");
    expect(() => cases.sgd!([])).toThrow("no parameters");
  });

  it("refuses a state that is not its own, and takes nothing of it", () => {
    const optimizer = cases.adam!(startOf());
    const state = new Map(optimizer.state());
    expect(() => optimizer.load(state, { lr: 1 })).toThrow("`lr` or `steps` is missing");
    expect(() => optimizer.load(cases.rmsprop!(startOf()).state(), { lr: 1, steps: 1 })).toThrow(
      "`0.square_avg` does not belong",
    );
    state.set("0.exp_avg", Tensor.ones([4, 3]));
    expect(() => optimizer.load(state, { lr: 1, steps: 1 })).toThrow("`0.exp_avg` has shape [4, 3] instead of [3, 4]");
    state.delete("0.exp_avg");
    expect(() => optimizer.load(state, { lr: 1, steps: 1 })).toThrow("`0.exp_avg` is missing");
    expect(optimizer.scalars()).toEqual({ lr: 1e-2, steps: 0 });
  });

  it("refuses options out of range by name", () => {
    expect(() => adam({ lr: 0 })).toThrow("`adam.lr` (=0) must be above 0");
    expect(() => adam({ betas: [0.5, 1] })).toThrow("`adam.betas.1` (=1) must be below 1");
    expect(() => sgd({ nesterov: true })).toThrow("`sgd.nesterov` (=true) needs a `momentum` above 0");
    expect(() => rmsprop({ alpha: -1 })).toThrow(UserError);
    expect(() => adam({ learningRate: 1 } as object)).toThrow("unknown key `adam.learningRate`");
  });
});

import { describe, expect, it } from "vitest";
import { BatchNorm1d, Linear, Sequential } from "../../src/nn/index.ts";
import { WeightAveraging, type WeightAveragingOptions } from "../../src/optim/index.ts";
import { liveTensors, noGrad, type Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, fill, flat, noise } from "../nn/oracle.ts";

const network = (): Sequential => fill(new Sequential(new Linear(contextOf(), 2, 2), new BatchNorm1d(contextOf(), 2)));

/** Sets the first bias to `value` before each update and gives the average of its first element after each. */
function follow(values: number[], options: WeightAveragingOptions): number[] {
  const net = network();
  const bias = net.stateDict().get("0.bias")!;
  noGrad(() => bias.fill_(0));
  const averages = new WeightAveraging(net, options);
  return values.map((value) => {
    noGrad(() => bias.fill_(value));
    averages.update();
    return flat(averages.state().get("0.bias")!)[0]!;
  });
}

describe("WeightAveraging", () => {
  it("moves by 1 - decay towards the weights", () => {
    const expected = [0.25, 0.75 * 0.25 + 0.25 * 3, 0.75 * (0.75 * 0.25 + 0.25 * 3) - 0.25];
    expectClose(follow([1, 3, -1], { decay: 0.75 }), expected, { atol: 1e-12 });
  });

  it("follows the weights exactly until `start`", () => {
    expectClose(follow([1, 3, 7], { decay: 0.5, start: 2 }), [1, 3, 5], { atol: 1e-12 });
  });

  it("warms the decay up as (1 + n) / (10 + n)", () => {
    const first = 0.9 * 1;
    const second = (2 / 11) * first + (9 / 11) * 1;
    expectClose(follow([1, 1], { decay: 0.999, warmUp: true }), [first, second], { atol: 1e-12 });
    expectClose(follow([1, 1], { decay: 0.05, warmUp: true }), [0.95, 0.9975], { atol: 1e-12 });
  });

  it("copies buffers, and samples with them and the averages without touching the network", () => {
    const net = network();
    const averages = new WeightAveraging(net, { decay: 0.5 });
    const x = noise([4, 2], 5);
    net.forward(x);
    const own = [...net.stateDict().values()].map(flat);
    averages.update();
    const average = averages.state();
    expect(flat(average.get("1.running_mean")!)).toEqual(flat(net.stateDict().get("1.running_mean")!));
    expect(average.get("1.num_batches_tracked")!.item()).toBe(1);
    noGrad(() => net.parameters()[0]!.add_(1));
    const other = network();
    other.loadStateDict(average);
    net.eval();
    expect(averages.use(() => flat(net.forward(x)))).toEqual(flat(other.eval().forward(x)));
    noGrad(() => net.parameters()[0]!.add_(-1));
    for (const [i, tensor] of [...net.stateDict().values()].entries()) expectClose(tensor, own[i]!, { atol: 1e-12 });
  });

  it("continues from its state with the same bits, and frees it", () => {
    const net = network();
    const averages = new WeightAveraging(net, { decay: 0.9, start: 1, warmUp: true });
    const move = (): Tensor => noGrad(() => net.parameters()[0]!.mul_(1.1));
    for (let i = 0; i < 3; i++) {
      move();
      averages.update();
    }
    const resumed = new WeightAveraging(net, { decay: 0.9, start: 1, warmUp: true });
    resumed.load(averages.state(), averages.scalars());
    move();
    averages.update();
    resumed.update();
    for (const [name, tensor] of resumed.state()) expect(flat(tensor), name).toEqual(flat(averages.state().get(name)!));
    const before = liveTensors();
    resumed.dispose();
    expect(liveTensors()).toBe(before - 7);
  });

  it("refuses options out of range and a state that lacks something", () => {
    expect(() => new WeightAveraging(network(), { decay: 1 })).toThrow("`decay` (=1)");
    expect(() => new WeightAveraging(network(), { start: -1 })).toThrow("`start` (=-1)");
    const averages = new WeightAveraging(network());
    expect(() => averages.load(averages.state(), {})).toThrow("`updates` is missing");
    expect(() => averages.load(new Map(), { updates: 1 })).toThrow("`0.weight` is missing");
  });
});

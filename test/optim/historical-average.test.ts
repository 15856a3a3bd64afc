import { describe, expect, it } from "vitest";
import { BatchNorm1d, Linear, Sequential } from "../../src/nn/index.ts";
import { HistoricalAverage } from "../../src/optim/index.ts";
import { liveTensors, noGrad, Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, fill, flat, noise, slopeAt } from "../nn/oracle.ts";

const network = (dtype: "float32" | "float64" = "float64"): Sequential =>
  fill(new Sequential(new Linear(contextOf(1, dtype), 3, 2), new BatchNorm1d(contextOf(1, dtype), 2)));

/** Sets all parameters to noise, and gives them as one list. */
function move(net: Sequential, phase: number): number[] {
  noGrad(() => {
    for (const [i, tensor] of net.parameters().entries()) {
      tensor.copy_(noise(tensor.shape, phase * 10 + i, tensor.dtype));
    }
  });
  return net.parameters().flatMap(flat);
}

const meansOf = (history: HistoricalAverage): number[] => [...history.state().values()].flatMap(flat);

describe("HistoricalAverage", () => {
  it.each(["float32", "float64"] as const)("is the mean of all values that %s parameters had", (dtype) => {
    const net = network(dtype);
    const seen = [net.parameters().flatMap(flat)];
    const history = new HistoricalAverage(net);
    expect(meansOf(history)).toEqual(seen[0]);
    for (let i = 1; i <= 5; i++) {
      seen.push(move(net, i));
      history.update();
      const mean = seen[0]!.map((_, j) => seen.reduce((sum, values) => sum + values[j]!, 0) / seen.length);
      expectClose(meansOf(history), mean, { atol: 1e-14, rtol: 1e-14 });
      // Nothing but parameters: running statistics have no cost.
      expect([...history.state().keys()]).toEqual(["0.weight", "0.bias", "1.weight", "1.bias"]);
    }
  });

  it("pulls with the gradient of weight x |theta - mean|^2, and not at all at first", () => {
    const net = network();
    const history = new HistoricalAverage(net);
    const gradients = net.parameters().map((tensor, i) => noise(tensor.shape, 50 + i));
    const pulled = (weight: number): number[] => history.pull(gradients, weight).flatMap(flat);
    expect(history.squaredDistance()).toBe(0);
    expect(pulled(3)).toEqual(gradients.flatMap(flat));
    move(net, 1);
    history.update();
    const now = move(net, 2);
    const mean = meansOf(history);
    const squares = now.reduce((sum, value, j) => sum + (value - mean[j]!) ** 2, 0);
    expectClose([history.squaredDistance()], [squares], { rtol: 1e-13, atol: 0 });
    const slopes = net
      .parameters()
      .flatMap((tensor) =>
        Array.from({ length: tensor.numel }, (_, j) => slopeAt(tensor, j, () => history.squaredDistance())),
      );
    expectClose(
      pulled(0.3),
      gradients.flatMap(flat).map((value, j) => value + 0.3 * slopes[j]!),
      { atol: 1e-8, rtol: 0 },
    );
    expect(gradients.flatMap(flat)).toEqual(net.parameters().flatMap((tensor, i) => flat(noise(tensor.shape, 50 + i))));
  });

  it("gives gradients of the parameters' own type", () => {
    const net = network("float32");
    const history = new HistoricalAverage(net);
    move(net, 1);
    const gradients = net.parameters().map((tensor) => Tensor.zerosLike(tensor));
    expect(history.pull(gradients, 1).map(({ dtype }) => dtype)).toEqual(["float32", "float32", "float32", "float32"]);
    expect([...history.state().values()].map(({ dtype }) => dtype)).toEqual(Array(4).fill("float64"));
  });

  it("stays exact over many updates, where a float32 mean does not", () => {
    const net = new Sequential(new Linear(contextOf(1, "float32"), 1, 1, { bias: false }));
    const weight = net.parameters()[0]!;
    noGrad(() => weight.fill_(1));
    const history = new HistoricalAverage(net);
    const narrow = Tensor.ones([1, 1]);
    let sum = 1;
    const steps = 20_000;
    noGrad(() => {
      for (let t = 2; t <= steps; t++) {
        weight.add_(1e-4);
        sum += weight.item();
        history.update();
        const distance = weight.sub(narrow);
        narrow.add_(distance.div(t));
        distance.dispose();
      }
    });
    const error = (mean: number): number => Math.abs(mean / (sum / steps) - 1);
    expect(error(meansOf(history)[0]!)).toBeLessThan(1e-13);
    expect(error(narrow.item())).toBeGreaterThan(1e-6);
  });

  it("continues from its state with the same bits, and frees it", () => {
    const net = network("float32");
    const history = new HistoricalAverage(net);
    for (let i = 1; i <= 3; i++) {
      move(net, i);
      history.update();
    }
    const resumed = new HistoricalAverage(net);
    resumed.load(history.state(), history.scalars());
    move(net, 4);
    for (const one of [history, resumed]) one.update();
    expect(meansOf(resumed)).toEqual(meansOf(history));
    expect(resumed.scalars()).toEqual({ count: 5 });
    const before = liveTensors();
    resumed.dispose();
    expect(liveTensors()).toBe(before - 4);
  });

  it("leaves no tensors behind", () => {
    const net = network("float32");
    const history = new HistoricalAverage(net);
    const before = liveTensors();
    history.update();
    history.squaredDistance();
    expect(liveTensors()).toBe(before);
  });

  it("refuses a state that lacks something", () => {
    const history = new HistoricalAverage(network());
    expect(() => history.load(history.state(), {})).toThrow("`count` is missing");
    expect(() => history.load(new Map(), { count: 1 })).toThrow("`0.weight` is missing");
  });
});

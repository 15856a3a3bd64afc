import { describe, expect, it } from "vitest";
import { nextRows, StatisticsNetwork } from "../../src/models/statistics-network.ts";
import { contextOf, expectClose, expectGradients, fill, flat, noise } from "../nn/oracle.ts";

describe("StatisticsNetwork", () => {
  it.each([
    ["vectors", { features: 3 }, [5, 3]],
    ["images", { channels: 3, size: 16 }, [5, 3, 16, 16]],
    ["images of an odd size", { channels: 1, size: 9 }, [5, 1, 9, 9]],
    ["images that need no convolution", { channels: 1, size: 4 }, [5, 1, 4, 4]],
  ])("rates %s: pairs are rows with their own y, and with the y of the row after", (_, sample, shape) => {
    const network = fill(new StatisticsNetwork(contextOf(), { x: sample, y: 2, hidden: [6, 4], width: 2 }));
    const [x, y] = [noise(shape, 1), noise([5, 2], 2)];
    const { joint, marginal } = network.pairs(x, y);
    expectClose(joint, network.forward(x, y));
    for (let i = 0; i < 5; i++) {
      const alone = network.forward(x.narrow(0, i, 1), y.narrow(0, (i + 1) % 5, 1));
      expectClose([flat(marginal)[i]!], alone);
    }
    expectGradients([...network.parameters()], () => network.forward(x, y).sum());
  });

  it("gets twice the channels with each halving, up to 8 times", () => {
    const network = new StatisticsNetwork(contextOf(), { x: { channels: 3, size: 128 }, y: 7, hidden: [9], width: 2 });
    const shapes = Object.fromEntries([...network.namedParameters()].map(([name, { shape }]) => [name, shape]));
    expect(shapes["body.0.weight"]).toEqual([2, 3, 4, 4]);
    expect(shapes["body.6.weight"]).toEqual([16, 8, 4, 4]);
    expect(shapes["body.8.weight"]).toEqual([16, 16, 4, 4]);
    expect(shapes["head.0.weight"]).toEqual([9, 16 * 16 + 7]);
    expect(shapes["head.2.weight"]).toEqual([1, 9]);
  });
});

describe("nextRows", () => {
  it("moves rows up and puts the first at the end", () => {
    const rows = noise([4, 1], 1);
    const [a, b, c, d] = flat(rows);
    expect(flat(nextRows(rows))).toEqual([b, c, d, a]);
    expect(flat(nextRows(rows, 3))).toEqual([d, a, b, c]);
  });
});

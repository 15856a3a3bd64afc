import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { SelfAttention } from "../../src/nn/index.ts";
import { grad, type Tensor } from "../../src/tensor/index.ts";
import { contextOf, expectClose, expectGradients, fill, flat, noise } from "./oracle.ts";

const [CHANNELS, HEIGHT, WIDTH] = [8, 4, 6];
const maps = (): Tensor => noise([2, CHANNELS, HEIGHT, WIDTH], 5);

/** The formula in plain numbers, one sample at a time. */
function expected(layer: SelfAttention, input: Tensor): number[] {
  const weight = (name: string): number[] => flat(layer.stateDict().get(`${name}.weight`)!);
  const gain = flat(layer.stateDict().get("gain")!)[0]!;
  const all = flat(input);
  const positions = HEIGHT * WIDTH;
  const conv = (w: number[], from: number[][]): number[][] =>
    Array.from({ length: w.length / from.length }, (_, o) =>
      from[0]!.map((_, p) => from.reduce((sum, channel, i) => sum + w[o * from.length + i]! * channel[p]!, 0)),
    );
  const pool = (channels: number[][]): number[][] =>
    channels.map((channel) =>
      Array.from({ length: positions / 4 }, (_, p) => {
        const [y, x] = [2 * Math.floor(p / (WIDTH / 2)), 2 * (p % (WIDTH / 2))];
        return Math.max(...[0, 1].flatMap((dy) => [0, 1].map((dx) => channel[(y + dy) * WIDTH + x + dx]!)));
      }),
    );
  return [0, 1].flatMap((sample) => {
    const x = Array.from({ length: CHANNELS }, (_, c) =>
      all.slice((sample * CHANNELS + c) * positions, (sample * CHANNELS + c + 1) * positions),
    );
    const [query, key, value] = [
      conv(weight("query"), x),
      pool(conv(weight("key"), x)),
      pool(conv(weight("value"), x)),
    ];
    const seen = value.map(() => Array<number>(positions).fill(0));
    for (let p = 0; p < positions; p++) {
      const answers = key[0]!.map((_, q) => Math.exp(query.reduce((sum, row, c) => sum + row[p]! * key[c]![q]!, 0)));
      const total = answers.reduce((a, b) => a + b);
      for (const [c, row] of value.entries()) {
        seen[c]![p] = answers.reduce((sum, answer, q) => sum + (answer / total) * row[q]!, 0);
      }
    }
    const out = conv(weight("output"), seen);
    return x.flatMap((channel, c) => channel.map((before, p) => before + gain * out[c]![p]!));
  });
}

describe("self-attention", () => {
  it.each(["contiguous", "channelsLast"] as const)("is the formula: %s", (memoryFormat) => {
    const layer = fill(new SelfAttention(contextOf(), CHANNELS)).to({ memoryFormat });
    const output = layer.forward(maps().contiguous(memoryFormat));
    expect(output.isContiguous(memoryFormat)).toBe(true);
    expectClose(output, expected(layer, maps()), { atol: 1e-12 });
  });

  it("begins as the identity, with a gain that learns", () => {
    const layer = new SelfAttention(contextOf(), CHANNELS);
    const output = layer.forward(maps());
    expect(flat(output)).toEqual(flat(maps()));
    const parameters = layer.namedParameters();
    const [found] = grad(output.mul(noise(output.shape, 3)).sum(), [parameters.get("gain")!]) as [Tensor];
    expect(Math.abs(found.item())).toBeGreaterThan(1e-3);
  });

  it("has gradients, and gradients of gradients, that finite differences confirm", () => {
    const layer = fill(new SelfAttention(contextOf(), CHANNELS));
    const x = maps().requiresGrad_();
    expectGradients([x, ...layer.parameters()], () => layer.forward(x).pow(3).mean());
    const slope = (): Tensor => {
      const [found] = grad(layer.forward(x).pow(3).mean(), [x], { createGraph: true }) as [Tensor];
      return found.pow(2).sum();
    };
    expectGradients(layer.parameters(), slope, 1e-8);
  });

  it("refuses channels that do not divide", () => {
    expect(() => new SelfAttention(contextOf(), 12)).toThrow(UserError);
    expect(() => new SelfAttention(contextOf(), 12)).toThrow("SelfAttention: `channels` (=12) must be a multiple of 8");
  });
});

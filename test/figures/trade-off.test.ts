import { describe, expect, it } from "vitest";
import { tradeOffChart } from "../../src/figures/index.ts";

/** Where the texts of a chart stand. */
function placesOf(svg: string, names: readonly string[]): [x: number, y: number][] {
  return names.map((name) => {
    const found = new RegExp(`<text [^>]*translate\\(([\\d.-]+) ([\\d.-]+)\\)[^>]*>${name}</text>`).exec(svg);
    expect(found, name).not.toBeNull();
    return [Number(found![1]), Number(found![2])];
  });
}

describe("a chart of two measures", () => {
  it("names every point, also when points coincide", () => {
    const names = ["none", "two", "three", "four"];
    const points = names.map((name, i) => ({
      name,
      x: 3 + i / 1000,
      y: 7,
      xHalf: 0.1,
      yHalf: i === 0 ? Number.NaN : 0.2,
    }));
    const svg = tradeOffChart({
      title: "t",
      xName: "up",
      yName: "across",
      points: [...points, { name: "far", x: 1, y: 9 }],
    });
    const places = placesOf(svg, [...names, "far"]);
    for (const [i, [x, y]] of places.entries()) {
      for (const [otherX, otherY] of places.slice(i + 1)) {
        expect(Math.abs(x - otherX) > 30 || Math.abs(y - otherY) >= 12).toBe(true);
      }
    }
    // An interval across for each of four, one up for three.
    expect(svg.match(/stroke-opacity="0\.6"/g)).toHaveLength(7);
  });

  it("of shares goes from 0 to 1", () => {
    const svg = tradeOffChart({
      title: "t",
      xName: "a",
      yName: "b",
      points: [{ name: "p", x: 0.4, y: 0.5 }],
      shares: true,
    });
    expect(svg).toContain(">0.2</text>");
    expect(svg).not.toContain(">1.2</text>");
  });
});

/** Scatter plots: where points, axes and numbers stand. */
import { join } from "node:path";
import sharp from "sharp";
import { expect, it } from "vitest";
import { scatter, writePng } from "../../src/figures/index.ts";
import { roundNumbers } from "../../src/figures/round-numbers.ts";
import { temporaryFolder } from "../training/tiny.ts";

/** Where the plot's own square begins, and its side. */
const [LEFT, TOP, SIDE] = [58, 30, 480];

it("axes have round numbers", () => {
  expect(roundNumbers(-0.6, 4.6)).toEqual([0, 2, 4]);
  expect(roundNumbers(-1, 1)).toEqual([-1, -0.5, 0, 0.5, 1]);
  expect(roundNumbers(0.1, 0.34)).toEqual([0.1, 0.15, 0.2, 0.25, 0.3]);
  expect(roundNumbers(-1300, 5200)).toEqual([0, 2000, 4000]);
});

it("real points lie in the frame that they set, generated ones over them, and what is outside is counted", async () => {
  const real = [
    [0, 0],
    [10, 10],
  ];
  const svg = scatter({
    real,
    generated: [
      [5, 5],
      [100, 0],
      [0, Number.NaN],
    ],
    axes: ["first <x>", "second"],
  });
  expect(svg).toContain("real (2)");
  expect(svg).toContain("generated (3)");
  expect(svg).toContain("2 outside");
  expect(svg).toContain("first &lt;x&gt;");
  // The frame has 15 % of room on every side: 0 lies at 1.5 of 13.
  const first = ((1.5 / 13) * SIDE).toFixed(1);
  expect(svg).toContain(`M${first} ${(SIDE - Number(first)).toFixed(1)}h0`);
  const file = join(temporaryFolder(), "a.png");
  const { width, height } = await writePng(file, svg);
  expect([width, height]).toEqual([552, 552]);
  const data = await sharp(file).removeAlpha().raw().toBuffer();
  const at = (x: number, y: number): number[] => [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
  const [red, , blue] = at(LEFT + SIDE / 2, TOP + SIDE / 2);
  // The generated point in the middle is blue, the real one gray, the corner white.
  expect(blue! - red!).toBeGreaterThan(40);
  const gray = at(LEFT + Math.round(Number(first)), TOP + SIDE - Math.round(Number(first)));
  expect(Math.max(...gray) - Math.min(...gray)).toBeLessThan(10);
  expect(gray[0]).toBeLessThan(230);
  expect(at(2, 2)).toEqual([255, 255, 255]);
});

it("shows all modes, or what there is", () => {
  const mixture = {
    centres: [
      [0, 0],
      [4, 4],
    ],
    sigma: 0.05,
  };
  expect(scatter({ generated: [], mixture, axes: ["x1", "x2"] }).match(/<circle[^>]*r="[\d.]+"\/>/g)).toHaveLength(2);
  expect(scatter({ generated: [[1, 1]], axes: ["x1", "x2"] })).not.toContain("real (");
  expect(scatter({ generated: [], axes: ["x1", "x2"] })).toContain("generated (0)");
});

/** Figures: counts, positions, and that PNG files have letters. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, it, vi } from "vitest";
import {
  bandChart,
  barPanels,
  densityPanels,
  imageRows,
  latticeOf,
  lineChart,
  pointCloud,
  requireRowsFit,
  trajectories,
  writePng,
} from "../../src/figures/index.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-figures-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const mixture = {
  centres: [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ],
  sigma: 0.05,
};

/** A document drawn as gray levels. */
async function pixels(svg: string): Promise<{ at(x: number, y: number): number; dark: number }> {
  const file = join(folder, "figure.png");
  const { width } = await writePng(file, svg);
  const data = await sharp(file).grayscale().raw().toBuffer();
  return { at: (x, y) => data[y * width + x]!, dark: data.filter((level) => level < 128).length };
}

describe("names with controls", () => {
  const name = "cat\u0007\u001b[31m\ud800";

  it("are made visible in rows of images and in charts, which can be drawn", async () => {
    const images = { pixels: new Uint8Array(256), count: 1, channels: 1, height: 16, width: 16 };
    const rows = await imageRows([{ images, title: name, captions: [name] }]);
    const chart = lineChart({
      title: name,
      xName: "step",
      curves: [
        {
          name,
          points: [
            [0, 1],
            [1, 2],
          ],
        },
      ],
    });
    for (const svg of [rows, chart]) {
      expect(svg).toContain("cat\\u0007\\u001b[31m\\ud800");
      expect((await pixels(svg)).dark).toBeGreaterThan(0);
    }
  });
});

describe("a chart of many points", () => {
  it("is whole", async () => {
    const points = Array.from({ length: 5000 }, (_, i): [number, number] => [i, Math.sin(i)]);
    const svg = lineChart({ title: "sine", xName: "step", curves: [{ name: "sine", points }] });
    expect(svg.length).toBeGreaterThan(20_000);
    expect((await pixels(svg)).dark).toBeGreaterThan(0);
  });
});

describe("a sheet that no picture can hold", () => {
  it("is refused before and when it is drawn", async () => {
    const side = 32;
    const message =
      "a sheet of 1 rows of 490 images would be 33340 x 88 pixels, and a picture has at most 32767 on a side";
    expect(() => requireRowsFit({ rows: 1, columns: 490, height: side, width: side })).toThrow(message);
    expect(() => requireRowsFit({ rows: 1, columns: 480, height: side, width: side })).not.toThrow();
    expect(() => requireRowsFit({ rows: 500, columns: 1, height: side, width: side })).toThrow("take fewer");
    const images = { pixels: new Uint8Array(490 * side * side), count: 490, channels: 1, height: side, width: side };
    await expect(imageRows([{ images }])).rejects.toThrow("at most 32767 on a side");
    const fitting = { ...images, pixels: images.pixels.subarray(0, 480 * side * side), count: 480 };
    await writePng(join(folder, "wide.png"), await imageRows([{ images: fitting }]));
  });
});

describe("the font", () => {
  it("is described in the cache folder, and left to the machine where that cannot be written", async () => {
    const before = { GANTRY_CACHE: process.env.GANTRY_CACHE, FONTCONFIG_FILE: process.env.FONTCONFIG_FILE };
    const set = (name: string, value: string | undefined) => {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    };
    const provided = async (cache: string) => {
      set("GANTRY_CACHE", cache);
      set("FONTCONFIG_FILE", undefined);
      vi.resetModules();
      const { provideFont } = await import("../../src/figures/fonts.ts");
      provideFont();
      return process.env.FONTCONFIG_FILE;
    };
    try {
      const cache = join(folder, "cache");
      expect(await provided(cache)).toBe(join(cache, "fonts/fonts.conf"));
      expect(readFileSync(join(cache, "fonts/fonts.conf"), "utf8")).toContain("dejavu-fonts-ttf");
      expect(await provided("/proc/nowhere")).toBeUndefined();
    } finally {
      for (const [name, value] of Object.entries(before)) set(name, value);
    }
  });
});

describe("writePng", () => {
  it("draws letters, whatever fonts the machine has", async () => {
    const text = (letters: string) =>
      `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"><rect width="200" height="40" fill="#fff"/><text x="5" y="30" font-size="24" font-family="DejaVu Sans">${letters}</text></svg>`;
    const [thin, wide, symbol] = [await pixels(text("iiii")), await pixels(text("WWWW")), await pixels(text("σ"))];
    // Where there is no font, every letter is the same box, or nothing.
    expect(thin.dark).toBeGreaterThan(20);
    expect(wide.dark).toBeGreaterThan(2 * thin.dark);
    expect(symbol.dark).toBeGreaterThan(10);
  });
});

describe("pointCloud", () => {
  it("draws the points in the frame of the modes, and counts the others", () => {
    const svg = pointCloud({
      panels: [
        {
          points: [
            [0, 0],
            [1, 1],
            [9, 9],
            [Number.NaN, 0],
          ],
          title: "a < b",
        },
      ],
      mixture,
    });
    expect(svg.match(/M[\d.]+ [\d.]+h0/g)).toHaveLength(2);
    expect(svg).toContain("2 outside");
    expect(svg).toContain("a &lt; b");
    expect(svg.match(/<circle /g)).toHaveLength(4);
  });

  it("has the second axis upwards", async () => {
    const { at } = await pixels(pointCloud({ panels: [{ points: Array(50).fill([0, 1]) }], mixture, side: 100 }));
    // The frame is the modes' square with 0.4 around it: 100 pixels for 1.8; 8 pixels of margin.
    const [x, top, bottom] = [
      8 + Math.round((0.4 / 1.8) * 100),
      8 + Math.round((0.4 / 1.8) * 100),
      8 + Math.round((1.4 / 1.8) * 100),
    ];
    expect(at(x, top)).toBeLessThan(190);
    expect(at(x, bottom)).toBe(255);
  });

  it("fits the points themselves where no modes are known", () => {
    expect(
      pointCloud({
        panels: [
          {
            points: [
              [5, 5],
              [6, 7],
            ],
          },
        ],
      }).match(/M[\d.]+ [\d.]+h0/g),
    ).toHaveLength(2);
    expect(pointCloud({ panels: [{ points: [] }] })).toContain("<svg");
  });
});

describe("latticeOf", () => {
  it("counts samples by cell from the lower left, and all of them", () => {
    const lattice = latticeOf(
      [
        [-0.3, -0.3],
        [1.3, -0.3],
        [-0.3, 1.3],
        [-0.3, 1.35],
        [9, 9],
      ],
      mixture,
      2,
    );
    expect(lattice.frame.size).toBeCloseTo(1.8, 12);
    expect(lattice).toMatchObject({
      cells: 2,
      counts: [
        [0, 1],
        [1, 1],
        [2, 2],
      ],
      total: 5,
    });
  });

  it("is drawn with the fullest cell darkest", async () => {
    const lattice = latticeOf(
      [
        [-0.3, -0.3],
        [1.3, 1.3],
        [1.3, 1.3],
        [1.3, 1.3],
        [1.3, 1.3],
      ],
      mixture,
      4,
    );
    const { at } = await pixels(await densityPanels({ panels: [{ lattice }], mixture, side: 100 }));
    const [lowerLeft, upperRight, empty] = [at(8 + 4, 8 + 96), at(8 + 96, 8 + 4), at(8 + 4, 8 + 4)];
    expect(upperRight).toBeLessThan(lowerLeft);
    expect(lowerLeft).toBeLessThan(empty);
    expect(empty).toBe(255);
  });
});

describe("barPanels", () => {
  const bars = (mean: number | null) =>
    barPanels({
      title: "t",
      categories: ["a"],
      series: ["x"],
      panels: [{ title: "p", series: [[{ mean, halfWidth: mean === null ? null : 0.25 }]] }],
    });

  it("puts positive means above zero and negative ones below, with their whiskers", () => {
    // The panel is 136 high from 30 on for -1 to 1: zero lies at 98.
    expect(bars(0.5)).toContain('y="64.0" width');
    expect(bars(0.5)).toContain('y1="47.0" y2="81.0"');
    expect(bars(-0.5)).toContain('y="98.0" width');
    expect(bars(-0.5)).toContain('height="34.0"');
  });

  it("draws nothing for a mean that is not known", () => {
    expect(bars(0.5).length).toBeGreaterThan(bars(null).length);
    expect(bars(null)).not.toContain("NaN");
  });
});

describe("bandChart", () => {
  it("draws a band where an interval is known, and only the line where it is not", () => {
    const chart = (halfWidth: number | undefined) =>
      bandChart({
        title: "t",
        xName: "step",
        bands: [{ name: "x", points: [1, 2, 3].map((x) => ({ x, mean: x, halfWidth })) }],
        level: 2,
      });
    expect(chart(0.5)).toContain('fill-opacity="0.18"');
    for (const unknown of [undefined, Number.NaN]) {
      expect(chart(unknown)).not.toContain('fill-opacity="0.18"');
      expect(chart(unknown)).not.toContain("NaN");
    }
  });
});

describe("a chart of one place", () => {
  const bands = (count: number) =>
    bandChart({
      title: "t",
      xName: "x",
      bands: [{ name: "a", points: [1, 2].slice(0, count).map((x) => ({ x, mean: x })) }],
    });
  const dots = (svg: string): number => svg.match(/fill="#0072b2" ecmeta_series_index="0"/g)?.length ?? 0;

  it("has a dot where a line would not be seen", () => {
    expect(dots(bands(1))).toBe(dots(bands(2)) + 1);
  });

  it("has it in the middle", () => {
    const svg = lineChart({ title: "t", xName: "step", curves: [{ name: "D", points: [[20, 1]] }] });
    for (const label of [">19<", ">20<", ">21<"]) expect(svg).toContain(label);
  });
});

describe("trajectories", () => {
  const frame = { x: -1, y: -1, size: 2 };
  const points = [
    [-0.5, -0.5],
    [-0.5, 0.5],
    [5, 0.5],
  ];

  it("go from a dot to a ring with the second axis upwards, cut off at the frame", async () => {
    const ways = [{ points, end: [0.5, 0.5] }];
    const svg = trajectories({ panels: [{ ways, title: "a < b" }], frame, side: 100 });
    expect(svg).toContain('d="M25.0 75.0L25.0 25.0L300.0 25.0"');
    expect(svg).toContain("a &lt; b");
    expect(svg.match(/<circle /g)).toHaveLength(2);
    // 8 pixels of margin, 20 of title.
    const { at } = await pixels(trajectories({ panels: [{ ways }, { ways: [] }], frame, side: 100 }));
    expect(at(8 + 25, 8 + 75)).toBeLessThan(200);
    expect(at(8 + 25, 8 + 90)).toBe(255);
    expect(at(8 + 60, 8 + 25)).toBeLessThan(200);
    expect(at(8 + 75, 8 + 25)).toBe(255);
    expect(at(8 + 100 + 8 + 60, 8 + 25)).toBe(255);
  });

  it("mark a point, and leave out NaN and points outside", () => {
    const draw = (end?: number[]) =>
      trajectories({ panels: [{ ways: [{ points: [...points, [Number.NaN, 0]], end }] }], frame, side: 100 });
    for (const end of [[Number.NaN, Number.NaN], [3, 0], undefined]) {
      expect(draw(end).match(/<circle /g)).toHaveLength(1);
      expect(draw(end)).not.toContain("NaN");
    }
    const marked = trajectories({ panels: [{ ways: [] }], frame, mark: [0, 0.5], side: 100 });
    expect(marked).toContain('d="M45 25h10M50 20v10"');
  });
});

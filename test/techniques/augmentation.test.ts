import { describe, expect, it } from "vitest";
import type { Affine } from "../../src/techniques/augmentation/affine.ts";
import { drawGeometries, type Geometry, inverseOf, isStill } from "../../src/techniques/augmentation/geometry.ts";
import { formOf } from "../../src/techniques/augmentation/images.ts";
import {
  type Coloring,
  colorMap,
  colorMaps,
  drawColorings,
  isFaithful,
  recolor,
} from "../../src/techniques/augmentation/recolor.ts";
import { type Beyond, type Move, placesOf, reflected, shift } from "../../src/techniques/augmentation/shift.ts";
import { warp, warpMatrices } from "../../src/techniques/augmentation/warp.ts";
import { Generator, grad, Tensor } from "../../src/tensor/index.ts";
import { onTestDevice } from "../device/device.ts";
import { expectClose, expectGradients, fixture, flat, noise } from "../nn/oracle.ts";

const stored = fixture<{
  moved: number[];
  geometries: Record<string, Geometry>;
  warped: { single: Record<string, number[]>; together: number[]; gradient: number[] };
  colorings: Coloring[];
  recolored: { rgb: number[]; gray: number[] };
}>("augmentations");

const images = (channels = 3): Tensor => noise([4, channels, 8, 8], 5);
const precise = { atol: 1e-10, rtol: 1e-10 };
const STILL: Geometry = {
  mirrored: false,
  quarterTurns: 0,
  shift: [0, 0],
  scale: 1,
  turn: 0,
  stretch: 1,
  secondTurn: 0,
  drift: [0, 0],
};
const movedBy = (x: Tensor, moves: readonly Move[], beyond: Beyond): Tensor =>
  shift(x, onTestDevice(placesOf(moves, formOf(x), beyond)), beyond);
const warpedBy = (x: Tensor, inverses: readonly Affine[]): Tensor =>
  warp(x, onTestDevice(warpMatrices(inverses, formOf(x))));
const recoloredBy = (x: Tensor, colorings: readonly Coloring[]): Tensor =>
  recolor(x, onTestDevice(colorMaps(colorings, formOf(x))));
const FAITHFUL: Coloring = { brightness: 0, contrast: 1, lumaFlip: false, hue: 0, saturation: 1 };

/** Images of a smooth function of the place in pixels about the centre. */
const LINES = 40;
const smooth = (x: number, y: number): number => Math.sin(0.21 * x + 0.4) * Math.cos(0.17 * y - 0.3) + 0.02 * x;
const drawn = (f: (x: number, y: number) => number): Tensor => {
  const middle = (LINES - 1) / 2;
  const values = Array.from({ length: LINES * LINES }, (_, i) =>
    f((i % LINES) - middle, Math.floor(i / LINES) - middle),
  );
  return Tensor.fromArray(values, [1, 1, LINES, LINES], { dtype: "float64" });
};

describe("whole moves", () => {
  it("are PyTorch's slices, 0 beyond the edge", () => {
    const moves = [
      [0, 0],
      [1, -2],
      [-3, 8],
      [2, 7],
    ].map(([down, right]) => ({ down: down!, right: right! }));
    expect(flat(movedBy(images(1), moves, "zeros"))).toEqual(stored.moved.map((value) => expect.closeTo(value, 10)));
  });

  it("reflect about the outermost pixel, and mirror before they move", () => {
    const row = Tensor.fromArray([1, 2, 3, 4], [1, 1, 1, 4]);
    const moved = (move: { right: number; mirrored?: boolean }): number[] =>
      flat(movedBy(row, [{ down: 0, ...move }], "reflection"));
    expect(moved({ right: 2 })).toEqual([3, 2, 1, 2]);
    expect(moved({ right: -1 })).toEqual([2, 3, 4, 3]);
    expect(moved({ right: 0, mirrored: true })).toEqual([4, 3, 2, 1]);
    expect(moved({ right: 1, mirrored: true })).toEqual([3, 4, 3, 2]);
    expect([-7, -6, -1, 0, 3, 4, 9].map((at) => reflected(at, 4))).toEqual([1, 0, 1, 0, 3, 2, 3]);
    expect([-1, 0, 5].map((at) => reflected(at, 1))).toEqual([0, 0, 0]);
  });

  it("carry gradients of both orders back", () => {
    const x = noise([2, 2, 4, 4], 3).requiresGrad_();
    const moves = [
      { down: 1, right: -1, mirrored: true },
      { down: 0, right: 2 },
    ];
    for (const beyond of ["zeros", "reflection"] as const) {
      expectGradients([x], () => movedBy(x, moves, beyond).pow(3).sum());
      const [first] = grad(movedBy(x, moves, beyond).pow(3).sum(), [x], { createGraph: true });
      expect(grad(first!.sum(), [x])[0]!.shape).toEqual(x.shape);
    }
  });
});

describe("affine maps", () => {
  it.each(Object.entries(stored.geometries))("%s is PyTorch's", (name, geometry) => {
    const result = warpedBy(images().narrow(0, 0, 1).narrow(1, 0, 1), [inverseOf(geometry)]);
    expectClose(result, stored.warped.single[name]!, precise);
  });

  it("of several images at once are PyTorch's, with the gradient", () => {
    const x = images().narrow(1, 0, 2).clone().requiresGrad_();
    const inverses = ["all", "scale", "turn", "drift"].map((name) => inverseOf(stored.geometries[name]!));
    const result = warpedBy(x, inverses);
    expectClose(result, stored.warped.together, precise);
    const [gradient] = grad(result.mul(noise(result.shape, 6)).sum(), [x]);
    expectClose(gradient!, stored.warped.gradient, precise);
    expectGradients([x], () => warpedBy(x, inverses).pow(2).sum());
  });

  it("that do nothing, or move by whole pixels, change no value", () => {
    const x = noise([1, 2, 16, 16], 4);
    expectClose(warpedBy(x, [inverseOf(STILL)]), x, precise);
    const moved = warpedBy(x, [inverseOf({ ...STILL, shift: [2, -1] })]);
    expectClose(moved, movedBy(x, [{ right: 2, down: -1 }], "reflection"), precise);
  });

  it("equal the function behind the image at every place inside it", () => {
    const geometries = [...Object.values(stored.geometries), { ...STILL, turn: 2.6, secondTurn: -0.3, scale: 0.7 }];
    const x = drawn(smooth);
    for (const geometry of geometries) {
      const inverse = inverseOf(geometry);
      const [a, b, c, d, e, f] = inverse;
      const middle = (LINES - 1) / 2;
      const expected = drawn((u, v) => smooth(a * u + b * v + c, d * u + e * v + f));
      const inside = drawn((u, v) =>
        Math.max(Math.abs(a * u + b * v + c), Math.abs(d * u + e * v + f)) < middle - 3 ? 1 : 0,
      );
      expect(inside.sum().item()).toBeGreaterThan(500);
      const difference = warpedBy(x, [inverse]).sub(expected).mul(inside).abs().amax().item();
      // The slope is at most 0.23. The filter's centre of mass lies a twentieth of a pixel off its place; a mirror image
      // shows that twice.
      expect(difference).toBeLessThan(0.11 * 0.23);
    }
  });

  it("do what their names say", () => {
    const at = (geometry: Partial<Geometry>, x: number, y: number): number[] => {
      const [a, b, c, d, e, f] = inverseOf({ ...STILL, ...geometry });
      return [a * x + b * y + c, d * x + e * y + f];
    };
    // Where the result at (3, 1) comes from; y downwards, so that a positive angle turns clockwise.
    expectClose(at({ mirrored: true }, 3, 1), [-3, 1]);
    expectClose(at({ quarterTurns: 1 }, 3, 1), [1, -3]);
    expectClose(at({ turn: Math.PI / 2 }, 3, 1), [1, -3]);
    expectClose(at({ quarterTurns: 2 }, 3, 1), [-3, -1]);
    expectClose(at({ shift: [1, 2] }, 3, 1), [2, -1]);
    expectClose(at({ scale: 2 }, 3, 1), [1.5, 0.5]);
    expectClose(at({ stretch: 2 }, 3, 1), [1.5, 2]);
    expectClose(at({ drift: [0.5, 0.25] }, 3, 1), [2.5, 0.75]);
  });
});

describe("colors", () => {
  it("are PyTorch's, of color images and of gray ones", () => {
    expectClose(recoloredBy(images(), stored.colorings), stored.recolored.rgb, precise);
    expectClose(recoloredBy(images(1), stored.colorings), stored.recolored.gray, precise);
  });

  it("have gradients that finite differences confirm", () => {
    for (const channels of [1, 3]) {
      const x = images(channels).requiresGrad_();
      expectGradients([x], () => recoloredBy(x, stored.colorings).pow(2).sum());
    }
  });

  it("do what their names say", () => {
    const map = (coloring: Partial<Coloring>, color: number[]): number[] => {
      const [matrix, offset] = colorMap({ ...FAITHFUL, ...coloring });
      return [0, 1, 2].map((row) => color.reduce((sum, value, i) => sum + matrix[3 * row + i]! * value, offset));
    };
    const color = [0.6, 0.1, -0.4];
    expectClose(map({}, color), color);
    expectClose(map({ brightness: 0.2 }, color), [0.8, 0.3, -0.2]);
    expectClose(map({ brightness: 0.2, contrast: 2 }, color), [1.6, 0.6, -0.4]);
    expectClose(map({ lumaFlip: true }, color), [0.4, -0.1, -0.6]); // each 0.2 lower: twice the mean
    expectClose(map({ hue: (2 * Math.PI) / 3 }, color), [-0.4, 0.6, 0.1]); // red becomes green
    expectClose(map({ saturation: 0 }, color), [0.1, 0.1, 0.1]);
    expectClose(map({ saturation: 2 }, color), [1.1, 0.1, -0.9]);
    expectClose(map({ hue: 1, saturation: 3 }, [0.3, 0.3, 0.3]), [0.3, 0.3, 0.3]);
  });
});

describe("what is drawn", () => {
  const count = 20_000;
  const all = (p: number) => ({ blit: p, geometry: p });
  const share = (flags: readonly boolean[]): number => flags.filter(Boolean).length / flags.length;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = (values: readonly number[]): number => {
    const middle = mean(values);
    return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
  };
  /** Six standard errors of a share, or of a mean of this spread. */
  const near = (value: number, expected: number, spread: number, number: number): void => {
    const error = Math.abs(value - expected);
    expect(error, `${value} for ${expected}`).toBeLessThan((6 * spread) / Math.sqrt(number));
  };
  const nearShare = (flags: readonly boolean[], expected: number): void =>
    near(share(flags), expected, Math.sqrt(expected * (1 - expected)), flags.length);

  it("of the places happens with probability p each, in the paper's ranges", () => {
    const p = 0.3;
    const side = 32;
    const drawn = drawGeometries(count, side, all(p), new Generator(3));
    nearShare(
      drawn.map(({ mirrored }) => mirrored),
      p / 2,
    );
    for (const turns of [1, 2, 3])
      nearShare(
        drawn.map(({ quarterTurns }) => quarterTurns === turns),
        p / 4,
      );
    nearShare(
      drawn.map(({ turn, secondTurn }) => turn !== 0 || secondTurn !== 0),
      p,
    );
    nearShare(
      drawn.map(({ turn }) => turn !== 0),
      1 - Math.sqrt(1 - p),
    );
    nearShare(
      drawn.map(({ scale }) => scale !== 1),
      p,
    );
    nearShare(
      drawn.map(({ stretch }) => stretch !== 1),
      p,
    );
    nearShare(
      drawn.map(({ drift }) => drift[0] !== 0),
      p,
    );
    // Independent of each other.
    nearShare(
      drawn.map(({ scale, stretch }) => scale !== 1 && stretch !== 1),
      p * p,
    );

    const turns = drawn.flatMap(({ turn, secondTurn }) => [turn, secondTurn].filter((angle) => angle !== 0));
    near(mean(turns), 0, Math.PI / Math.sqrt(3), turns.length);
    near(deviation(turns), Math.PI / Math.sqrt(3), Math.PI / Math.sqrt(15), turns.length);
    for (const name of ["scale", "stretch"] as const) {
      const logarithms = drawn.map((geometry) => Math.log2(geometry[name])).filter((value) => value !== 0);
      near(mean(logarithms), 0, 0.2, logarithms.length);
      near(deviation(logarithms), 0.2, 0.2, logarithms.length);
    }
    const drifts = drawn.flatMap(({ drift }) => drift).filter((value) => value !== 0);
    near(mean(drifts), 0, side / 8, drifts.length);
    near(deviation(drifts), side / 8, side / 8, drifts.length);
    const shifts = drawn.flatMap(({ shift: moved }) => moved).filter((value) => value !== 0);
    expect(new Set(shifts)).toEqual(new Set([-4, -3, -2, -1, 1, 2, 3, 4]));
    // Rounded from U(-4, 4): each whole number 1/8, but the outermost 1/16.
    nearShare(
      shifts.map((value) => Math.abs(value) === 4),
      1 / 7,
    );
  });

  it("of the colors happens with probability p each, in the paper's ranges", () => {
    const p = 0.6;
    const drawn = drawColorings(count, p, new Generator(4));
    nearShare(
      drawn.map(({ lumaFlip }) => lumaFlip),
      p / 2,
    );
    nearShare(
      drawn.map(({ brightness, contrast }) => brightness !== 0 && contrast !== 1),
      p * p,
    );
    const ranges = [
      [drawn.map(({ brightness }) => brightness), 0.2],
      [drawn.map(({ contrast }) => Math.log2(contrast)), 0.5],
      [drawn.map(({ saturation }) => Math.log2(saturation)), 1],
    ] as const;
    for (const [values, spread] of ranges) {
      nearShare(
        values.map((value) => value !== 0),
        p,
      );
      const changed = values.filter((value) => value !== 0);
      near(mean(changed), 0, spread, changed.length);
      near(deviation(changed), spread, spread, changed.length);
    }
    const hues = drawn.map(({ hue }) => hue).filter((hue) => hue !== 0);
    near(hues.length / count, p, 0.5, count);
    near(deviation(hues), Math.PI / Math.sqrt(3), Math.PI / Math.sqrt(15), hues.length);
    expect(Math.max(...hues)).toBeLessThanOrEqual(Math.PI);
  });

  it("does nothing at p = 0, everything at p = 1, and only the chosen groups", () => {
    expect(drawGeometries(50, 32, all(0), new Generator(1)).every(isStill)).toBe(true);
    expect(drawColorings(50, 0, new Generator(1)).every(isFaithful)).toBe(true);
    for (const { scale, turn, secondTurn, stretch, drift } of drawGeometries(50, 32, all(1), new Generator(1))) {
      expect([scale !== 1, turn !== 0, secondTurn !== 0, stretch !== 1, drift[0] !== 0]).toEqual(Array(5).fill(true));
    }
    const blit = drawGeometries(50, 32, { blit: 1, geometry: 0 }, new Generator(1));
    expect(blit.every(({ scale, turn, drift }) => scale === 1 && turn === 0 && drift[0] === 0)).toBe(true);
    expect(blit.some(({ mirrored }) => mirrored)).toBe(true);
    const geometry = drawGeometries(50, 32, { blit: 0, geometry: 1 }, new Generator(1));
    expect(geometry.every(({ mirrored, quarterTurns }) => !mirrored && quarterTurns === 0)).toBe(true);
  });
});

describe("images that are not square", () => {
  it("move by whole pixels exactly, and reflect at their own edges", () => {
    const wide = noise([2, 3, 14, 22], 5);
    const moved = warpedBy(wide, [inverseOf({ ...STILL, shift: [3, -2] }), inverseOf({ ...STILL, shift: [-4, 1] })]);
    const moves = [
      { right: 3, down: -2 },
      { right: -4, down: 1 },
    ];
    expectClose(moved, movedBy(wide, moves, "reflection"), precise);
  });

  it("turn about their centre: a smooth function is met at the turned places", () => {
    const [height, width] = [24, 40];
    const at = (row: number, column: number): readonly [number, number] => [
      column - (width - 1) / 2,
      row - (height - 1) / 2,
    ];
    const values = Array.from({ length: height * width }, (_, i) => smooth(...at(Math.floor(i / width), i % width)));
    const image = Tensor.fromArray(Float64Array.from(values), [1, 1, height, width]);
    const inverse = inverseOf({ ...STILL, turn: 0.3, scale: 1.2 });
    const turned = flat(warpedBy(image, [inverse]));
    const [a, b, c, d, e, f] = inverse;
    for (const [row, column] of [
      [12, 20],
      [9, 14],
      [15, 27],
      [8, 24],
    ] as const) {
      const [x, y] = at(row, column);
      const expected = smooth(a * x + b * y + c, d * x + e * y + f);
      expect(Math.abs(turned[row * width + column]! - expected)).toBeLessThan(0.01);
    }
  });

  it("are moved by an eighth of each side at most", () => {
    const drawn = drawGeometries(4000, { height: 32, width: 64 }, { blit: 1, geometry: 1 }, new Generator(3));
    const most = (axis: 0 | 1): number => Math.max(...drawn.map(({ shift: moved }) => Math.abs(moved[axis])));
    expect([most(0), most(1)]).toEqual([8, 4]);
  });
});

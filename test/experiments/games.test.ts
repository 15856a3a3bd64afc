import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type GameRecord, games, gamesTables, playAll, spacedSteps } from "../../src/experiments/games/games.ts";
import { type PlayOrder, type PlaySetting, playGame, playOrders } from "../../src/experiments/games/play.ts";
import { START_SIDE, startsOf, toyGames } from "../../src/experiments/games/toy-games.ts";
import { makePage } from "../../src/experiments/index.ts";
import { appendRecord, readRecords } from "../../src/experiments/records.ts";
import { grad, liveTensors, Tensor } from "../../src/tensor/index.ts";
import { expectClose, fixture, flat } from "../nn/oracle.ts";
import { cells } from "./markdown.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-games-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const gameNamed = (name: string) => toyGames.find((game) => game.name === name)!;
const [bilinear, dirac, salimans, forsaken] = ["bilinear", "dirac", "salimans", "forsaken"].map(gameNamed) as [
  ...(typeof toyGames)[number][],
] as [(typeof toyGames)[0], (typeof toyGames)[0], (typeof toyGames)[0], (typeof toyGames)[0]];

const PLAIN = { kind: "plain" } as const;
const history = (weight: number): PlaySetting => (weight === 0 ? PLAIN : { kind: "history", weight });

/** The place of one play after each step, the start first. */
function follow(
  game: (typeof toyGames)[number],
  { setting = PLAIN as PlaySetting, order = "simultaneous" as PlayOrder, lr = 0.05, steps = 100, start = [0.7, -0.4] },
): (readonly [number, number])[] {
  const seen: (readonly [number, number])[] = [[start[0]!, start[1]!]];
  const starts = [[start[0]!, start[1]!]] as const;
  playGame(game, { setting, order, lr, steps, starts }, (_, places) => void seen.push(places[0]!));
  return seen;
}

describe("the games", () => {
  /** dx/dt and dy/dt of play, by hand. */
  const fields: Record<string, (x: number, y: number) => [number, number]> = {
    bilinear: (x, y) => [-y, x],
    // Mescheder et al. 2018, with D's sign as in Gantry: f'(t) = 1 / (1 + e^t).
    dirac: (x, y) => [y / (1 + Math.exp(-x * y)), -x / (1 + Math.exp(-x * y))],
    salimans: (x, y) => [-(x < 0 ? 1 : 2 * x) * (y - 1), (x < 0 ? x : x * x) - 1],
    forsaken: (x, y) => {
      const slope = (z: number): number => z / 2 - 2 * z ** 3 + z ** 5;
      return [-(y - 0.45) - slope(x), x - slope(y)];
    },
  };

  it.each(toyGames)("$name: the costs' gradients are those of its formula, and vanish at the equilibrium", (game) => {
    const points = [[0.3, -1.2], [-0.8, 0.9], [1.4, 0.2], game.equilibrium] as const;
    const [x, y] = ([0, 1] as const).map((axis) =>
      Tensor.fromArray(Float64Array.from(points.map((point) => point[axis])), [4]).requiresGrad_(true),
    ) as [Tensor, Tensor];
    const slopes = (["x", "y"] as const).map((side) => {
      const cost = game.cost(side, x, y);
      expect(cost.shape).toEqual([4]);
      return flat(grad(cost.sum(), [side === "x" ? x : y])[0]!);
    });
    for (const [i, point] of points.entries()) {
      const [dx, dy] = fields[game.name]!(point[0], point[1]);
      expectClose([slopes[0]![i]!, slopes[1]![i]!], [-dx, -dy], { atol: 1e-12, rtol: 1e-12 });
    }
    expectClose([slopes[0]![3]!, slopes[1]![3]!], [0, 0], { atol: 1e-12 });
  });

  it("R1's slope in the Dirac-GAN is y^2", () => {
    const y = Tensor.fromArray(Float64Array.from([0.5, -3]), [2]).requiresGrad_(true);
    const squares = dirac.slope!(y);
    expect(flat(squares)).toEqual([0.25, 9]);
    expect(flat(grad(squares.sum(), [y])[0]!)).toEqual([1, -6]);
    expect(() => follow(bilinear, { setting: { kind: "r1", weight: 1 } })).toThrow("R1 needs a discriminator");
  });

  it("starts lie in the square around the equilibrium, the same for the same seeds", () => {
    const seeds = Array.from({ length: 200 }, (_, i) => i);
    const starts = startsOf(salimans, seeds);
    expect(startsOf(salimans, [7])).toEqual([starts[7]]);
    for (const axis of [0, 1] as const) {
      const values = starts.map((start) => start[axis]);
      expect(Math.min(...values)).toBeGreaterThan(1 - START_SIDE / 2);
      expect(Math.max(...values)).toBeLessThan(1 + START_SIDE / 2);
      expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(0.9 * START_SIDE);
    }
  });
});

describe("gradient play", () => {
  it("on min-max xy: simultaneous play diverges by sqrt(1 + lr^2) per step", () => {
    for (const lr of [0.05, 0.5]) {
      const places = follow(bilinear, { lr });
      for (const [step, [x, y]] of places.entries()) {
        expect(Math.hypot(x, y) / Math.hypot(0.7, 0.4) / (1 + lr * lr) ** (step / 2)).toBeCloseTo(1, 12);
      }
    }
  });

  it("on min-max xy: in turn, they stay on the ellipse x^2 + y^2 + lr x y", () => {
    const lr = 0.3;
    const places = follow(bilinear, { lr, order: "alternating", steps: 1_000 });
    const energy = ([x, y]: readonly [number, number]): number => x * x + y * y + lr * x * y;
    for (const place of places) expect(energy(place) / energy(places[0]!)).toBeCloseTo(1, 11);
    // They go round, and do not stand still.
    expect(Math.min(...places.map(([x]) => x))).toBeLessThan(-0.7);
  });

  const { start, plays } = fixture<{
    start: number[];
    plays: { order: PlayOrder; lr: number; weight: number; radius: number; places: Record<string, number[]> }[];
  }>("games");

  it.each(plays)("on min-max xy is numpy's product of matrices: $order, lr $lr, weight $weight", (one) => {
    const { order, lr, weight, radius, places } = one;
    const own = follow(bilinear, { setting: history(weight), order, lr, steps: 2_000, start });
    for (const [step, expected] of Object.entries(places)) {
      expectClose([...own[Number(step)]!], expected, { rtol: 1e-9, atol: 1e-12, label: `step ${step}` });
    }
    const size = (step: number): number => Math.hypot(...own[step]!);
    // In turn and plain they go round on an ellipse, whose axes differ by this factor.
    expect(size(2_000) > (1 + lr) * size(0)).toBe(radius > 1 + 1e-9);
    // While the mean is still of a whole orbit and hardly pulls, the spectral radius is the rate.
    if (weight <= 0.01) expect(Math.log(size(1_500) / size(500)) / 1_000).toBeCloseTo(Math.log(radius), 4);
  });

  it("with historical averaging ends as a power of the steps, 1 / (1 + 4 weight^2)", () => {
    for (const [weight, power] of [
      [0.25, 0.8],
      [0.5, 0.5],
      [1, 0.2],
    ] as const) {
      const places = follow(bilinear, { setting: history(weight), lr: 0.2, steps: 4_000 });
      const ratio = Math.hypot(...places[4_000]!) / Math.hypot(...places[1_000]!);
      expect(Math.log(ratio) / Math.log(4)).toBeCloseTo(-power, 2);
    }
  });

  it("looks at the moving average in place of the players", () => {
    const options = { order: "alternating" as const, steps: 50 };
    const plain = follow(bilinear, options);
    const averaged = follow(bilinear, { ...options, setting: { kind: "average", decay: 0.9 } });
    let expected = plain[0]!;
    for (const [step, place] of plain.slice(1).entries()) {
      expected = [0.9 * expected[0] + 0.1 * place[0], 0.9 * expected[1] + 0.1 * place[1]];
      expectClose([...averaged[step + 1]!], [...expected], { atol: 1e-14, rtol: 1e-12 });
    }
  });

  it("on the Dirac-GAN takes R1's step", () => {
    const [first, second] = follow(dirac, { setting: { kind: "r1", weight: 4 }, steps: 1, lr: 0.1 });
    const [x, y] = first!;
    const d = 1 / (1 + Math.exp(-x * y));
    expectClose([...second!], [x + 0.1 * y * d, y - 0.1 * (x * d + 4 * y)], { atol: 1e-14, rtol: 1e-13 });
  });

  it("knows Hsieh et al.'s figure: one equilibrium that holds near by, and a cycle that takes the rest", () => {
    const [x, y] = forsaken.equilibrium;
    const starts = [0.05, 0.5, 1.3].map((radius) => [x + radius, y] as const);
    const away: number[][] = [];
    playGame(forsaken, { setting: PLAIN, order: "alternating", lr: 0.05, steps: 4_000, starts }, (_, places) => {
      away.push(places.map((place) => Math.hypot(place[0] - x, place[1] - y)));
    });
    const [near, ...far] = starts.map((_, i) => away.slice(-500).map((distances) => distances[i]!));
    expect(Math.max(...near!)).toBeLessThan(1e-3);
    for (const distances of far) {
      expect(Math.min(...distances)).toBeGreaterThan(0.5);
      expect(Math.max(...distances)).toBeLessThan(2);
    }
  });

  it("plays starting points apart from each other, and leaves no tensors behind", () => {
    const before = liveTensors();
    const starts = startsOf(salimans, [0, 1, 2]);
    const ends: number[][] = [];
    const options = { setting: history(0.1), order: "alternating" as const, lr: 0.05, steps: 20 };
    playGame(salimans, { ...options, starts }, (step, places) => {
      if (step === 20) ends.push(...places.map((place) => [...place]));
    });
    for (const [i, start] of starts.entries()) {
      expectClose(ends[i]!, [...follow(salimans, { ...options, start }).at(-1)!], { atol: 1e-14, rtol: 1e-13 });
    }
    expect(liveTensors()).toBe(before);
  });
});

describe("records and pages", () => {
  it("spaces its steps by twelve a decade", () => {
    expect(spacedSteps(1)).toEqual([1]);
    expect(spacedSteps(100)).toHaveLength(new Set(spacedSteps(100)).size);
    for (const step of [1, 10, 100, 1_000, 1_234]) expect(spacedSteps(1_234)).toContain(step);
    expect(spacedSteps(10_000).length).toBeLessThan(50);
  });

  it("hold every way of playing, and make the same page again", async () => {
    const experiment = { orders: playOrders, weights: [0.1], lr: 0.05, seeds: 3, steps: 150 };
    const records = [bilinear, dirac].map((game) => playAll(game, experiment));
    const kinds = (record: GameRecord): string[] =>
      record.arms.map(({ order, setting }) => `${order[0]} ${setting.kind}`);
    expect(kinds(records[0]!)).toEqual(
      playOrders.flatMap(([o]) => ["plain", "history", "average"].map((k) => `${o} ${k}`)),
    );
    expect(kinds(records[1]!)).toHaveLength(8);
    const { at, distances, ways, ends } = records[0]!.arms[0]!;
    expect(at.at(-1)).toBe(150);
    const grown = (1 + 0.05 ** 2) ** 75;
    for (const [i, start] of records[0]!.starts.entries()) {
      expect(distances.at(-1)![i]! / Math.hypot(...start) / grown).toBeCloseTo(1, 3);
      expect(Math.hypot(...ends[i]!) / Math.hypot(...start) / grown).toBeCloseTo(1, 2);
      expect(ways[i]![0]!.map((value, axis) => value - start[axis]!).every((gap) => Math.abs(gap) <= 5e-4)).toBe(true);
    }
    for (const record of records) appendRecord(join(folder, "records.jsonl"), record);
    expect(readRecords(folder, games)).toEqual(records);
    const tables = await makePage(games, records, folder);
    expect(gamesTables(readRecords(folder, games))).toBe(tables);
    expect(tables).toContain("| historical averaging, weight 0.1 |");
    expect(readdirSync(join(folder, "figures")).sort()).toEqual(
      ["bilinear", "dirac"].flatMap((name) =>
        ["alternating-distance", "simultaneous-distance", "ways"].flatMap((what) => [
          `${name}-${what}.png`,
          `${name}-${what}.svg`,
        ]),
      ),
    );
  });

  it("say of plays that left the numbers how many they are", () => {
    const record = playAll(salimans, { orders: ["simultaneous"], weights: [], lr: 5, steps: 100, seeds: 4 });
    expect(record.arms[0]!.distances.at(-1)).toEqual([null, null, null, null]);
    expect(cells(gamesTables([record]))).toMatch(/\| plain \| 4 of 4 not finite \| 0 of 4 \|/);
  });

  it("tables give the geometric mean and its interval", () => {
    const record = playAll(bilinear, { orders: ["simultaneous"], weights: [], lr: 0.05, steps: 100, seeds: 2 });
    const arm = record.arms[0]!;
    const spread = { ...record, arms: [{ ...arm, distances: [...arm.distances.slice(0, -1), [0.001, 0.1]] }] };
    // Logarithms -3 and -1: mean -2, half-width 12.706 * sqrt(2) / sqrt(2) = 12.706.
    expect(cells(gamesTables([spread]))).toContain("| plain | 0.010 (2.0e-15 to 5.1e+10) | 1 of 2 |");
  });
});

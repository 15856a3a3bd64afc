/**
 * Gradient play on games of two numbers: plain, with historical averaging (Salimans et al. 2016, section 3.3), with the
 * moving average of the players in their place, and with R1 where there is a discriminator.
 */
import { z } from "zod";
import { type Band, bandChart, trajectories } from "../../figures/index.ts";
import { engineSummary } from "../../tensor/index.ts";
import { defineExperiment } from "../experiment.ts";
import { markdownTable } from "../markdown.ts";
import { positive, seeds, whole } from "../options.ts";
import { engine, thousandths } from "../page.ts";
import { type Interval, interval, range } from "../statistics.ts";
import { type Places, type PlayOrder, type PlaySetting, playGame, playOrders } from "./play.ts";
import { START_SIDE, startsOf, type ToyGame, toyGames } from "./toy-games.ts";

const point = z.tuple([z.number(), z.number()]);

const setting = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("plain") }),
  z.strictObject({ kind: z.literal("history"), weight: z.number() }),
  z.strictObject({ kind: z.literal("average"), decay: z.number() }),
  z.strictObject({ kind: z.literal("r1"), weight: z.number() }),
]);

const schema = z.strictObject({
  format: z.literal(1),
  game: z.string(),
  lr: z.number(),
  steps: z.int(),
  seeds: z.array(z.int()),
  /** One from each seed. */
  starts: z.array(point),
  engine,
  arms: z.array(
    z.strictObject({
      order: z.enum(playOrders),
      setting,
      /** Steps after which the distances were taken, about twelve per decade. */
      at: z.array(z.int()),
      /** Of each of these steps: every starting point's distance from the equilibrium; null where it is not finite. */
      distances: z.array(z.array(z.number().nullable())),
      /** The trajectories of the first starting points, thinned, until they are too long or too far out. */
      ways: z.array(z.array(point)),
      /** Their places after the last step; null where not finite. */
      ends: z.array(point.nullable()),
    }),
  ),
});

/** A game with every setting that is compared. */
export type GameRecord = z.output<typeof schema>;

/** A game with one setting. */
export type Arm = GameRecord["arms"][number];

/** How games are played. */
interface PlayedWith {
  readonly orders: readonly PlayOrder[];
  /** Of historical averaging. */
  readonly weights: readonly number[];
  readonly lr: number;
  readonly steps: number;
  /** Starting points, one from each seed 0, 1 ... */
  readonly seeds: number;
}

/** The setting in the words of the flags. */
const inFlags = ({ lr, steps, seeds, weights, orders }: PlayedWith): string =>
  `--lr ${lr} --steps ${steps} --seeds ${seeds} --weights ${[...new Set(weights)]} --orders ${orders}`;

/** How a record was played. */
function playedWith({ lr, steps, seeds, arms }: GameRecord): PlayedWith {
  const weights = arms.flatMap(({ setting }) => (setting.kind === "history" ? [setting.weight] : []));
  return { lr, steps, seeds: seeds.length, weights, orders: [...new Set(arms.map(({ order }) => order))] };
}

/** Decay of the moving average: the default of `weightAveraging`. */
const DECAY = 0.999;
/** Weight of R1: the default of `r1`. */
const R1_WEIGHT = 10;

const WAYS = 3;
const MOST_POINTS = 400;

/** Steps about evenly spaced on a logarithmic scale, twelve per decade, with the last. */
export function spacedSteps(steps: number): number[] {
  const count = Math.floor(12 * Math.log10(steps));
  const spaced = Array.from({ length: count + 1 }, (_, i) => Math.round(10 ** (i / 12)));
  return [...new Set([...spaced, steps])];
}

/** A growing trajectory: points a hundredth of the view apart. */
class Thinned {
  readonly points: [number, number][];
  readonly #game: ToyGame;
  #last: readonly [number, number];
  #done = false;

  constructor(game: ToyGame, start: readonly [number, number]) {
    this.#game = game;
    this.#last = start;
    this.points = [[thousandths(start[0]), thousandths(start[1])]];
  }

  add(place: readonly [number, number]): void {
    const { equilibrium, view } = this.#game;
    // Written so that NaN ends it.
    const near = Math.hypot(place[0] - equilibrium[0], place[1] - equilibrium[1]) < 3 * view;
    if (!near || this.points.length >= MOST_POINTS) this.#done = true;
    if (this.#done || Math.hypot(place[0] - this.#last[0], place[1] - this.#last[1]) < view / 100) return;
    this.#last = place;
    this.points.push([thousandths(place[0]), thousandths(place[1])]);
  }
}

/** Plays a game with one setting. */
function armOf(
  game: ToyGame,
  setting: PlaySetting,
  order: PlayOrder,
  rest: Pick<GameRecord, "lr" | "steps" | "starts">,
): Arm {
  const at = spacedSteps(rest.steps);
  const wanted = new Set(at);
  const [x, y] = game.equilibrium;
  const ways = rest.starts.slice(0, WAYS).map((start) => new Thinned(game, start));
  const distances: (number | null)[][] = [];
  let last: Places = rest.starts;
  playGame(game, { setting, order, ...rest }, (step, places) => {
    last = places;
    for (const [i, way] of ways.entries()) way.add(places[i]!);
    if (!wanted.has(step)) return;
    const away = places.map((place) => Math.hypot(place[0] - x, place[1] - y));
    distances.push(away.map((distance) => (Number.isFinite(distance) ? Number(distance.toPrecision(4)) : null)));
  });
  const ends = last.slice(0, WAYS).map(([x, y]): [number, number] | null => {
    return Number.isFinite(x + y) ? [thousandths(x), thousandths(y)] : null;
  });
  return { order, setting, at, distances, ways: ways.map(({ points }) => points), ends };
}

/**
 * Plays a game with every setting that is compared: plain, with historical averaging of each weight, plain with the
 * moving average of the players in their place, and with R1 where there is a discriminator.
 *
 * @example
 * const record = playAll(toyGames[0]!, { orders: playOrders, weights: [0.1, 1], lr: 0.05, steps: 1_000, seeds: 4 });
 */
export function playAll(game: ToyGame, how: PlayedWith, begins?: (arm: string) => void): GameRecord {
  const { weights, lr, steps, orders } = how;
  const settings: PlaySetting[] = [
    { kind: "plain" },
    ...weights.map((weight) => ({ kind: "history", weight }) as const),
    { kind: "average", decay: DECAY },
    ...(game.slope ? [{ kind: "r1", weight: R1_WEIGHT } as const] : []),
  ];
  const seeds = range(how.seeds);
  const starts = startsOf(game, seeds);
  const arms = orders.flatMap((order) =>
    settings.map((setting) => {
      begins?.(`${order}, ${settingName(setting)}`);
      return armOf(game, setting, order, { lr, steps, starts });
    }),
  );
  const engine = { ...engineSummary() };
  return schema.parse({ format: 1, game: game.name, lr, steps, seeds, starts, engine, arms });
}

const NAMES = { plain: "plain", history: "historical averaging", average: "moving average", r1: "R1" } as const;

/** The name of a setting in tables: `historical averaging, weight 0.1`. */
function settingName(setting: PlaySetting): string {
  const [, option] = Object.entries(setting).map(([name, value]) => `${name} ${value}`);
  return [NAMES[setting.kind], ...(option === undefined ? [] : [option])].join(", ");
}

/** A setting's name where there is little room. */
const shortName = (setting: PlaySetting): string =>
  setting.kind === "history" ? `HA ${setting.weight}` : setting.kind === "average" ? "average" : NAMES[setting.kind];

/** A start has arrived when it ends this near to the equilibrium. */
export const NEAR = 0.01;

/** A line ends where its interval is this many decades to each side: some of its plays diverge. */
const WIDEST = 3;

const gameOf = ({ game }: Pick<GameRecord, "game">): ToyGame => toyGames.find(({ name }) => name === game)!;

/**
 * The decimal logarithms of distances: they lie decades apart, so that a mean of distances would show the largest
 * alone.
 */
function logarithms(distances: readonly (number | null)[]): Interval {
  return interval(distances.map((distance) => Math.log10(Math.max(distance ?? Number.NaN, Number.MIN_VALUE))));
}

/** A distance with two significant digits. */
function short(value: number): string {
  if (value < 1e-3 || value >= 9_950) return value.toExponential(1);
  return value < 99.5 ? value.toPrecision(2) : String(Number(value.toPrecision(2)));
}

/** The geometric mean with its interval: `0.012 (0.01 to 0.015)`. */
function spread(distances: readonly (number | null)[]): string {
  const lost = distances.filter((distance) => distance === null).length;
  if (lost > 0) return `${lost} of ${distances.length} not finite`;
  const { mean, halfWidth } = logarithms(distances);
  const centre = short(10 ** mean);
  if (!Number.isFinite(halfWidth)) return centre;
  return `${centre} (${short(10 ** (mean - halfWidth))} to ${short(10 ** (mean + halfWidth))})`;
}

const armsOf = ({ arms }: GameRecord, order: PlayOrder): Arm[] => arms.filter((arm) => arm.order === order);

/** The powers of ten from 100 on that were measured, and the last step. */
function columnsOf({ at }: Arm): number[] {
  return at.filter((step) => step >= 100 && (Number.isInteger(Math.log10(step)) || step === at.at(-1)));
}

/** One order's table as Markdown: geometric mean of the distances with its 95 % interval over starting points. */
function gamesTable(record: GameRecord, order: PlayOrder): string {
  const arms = armsOf(record, order);
  const steps = columnsOf(arms[0]!);
  const header = ["", ...steps.map((step) => `after ${step.toLocaleString("en")}`), `within ${NEAR} at the end`];
  const rows = arms.map((arm) => {
    const cells = steps.map((step) => spread(arm.distances[arm.at.indexOf(step)]!));
    const last = arm.distances.at(-1)!;
    const arrived = last.filter((distance) => distance !== null && distance <= NEAR).length;
    return [settingName(arm.setting), ...cells, `${arrived} of ${last.length}`];
  });
  return markdownTable(header, rows, 1);
}

/** All tables as one Markdown text. */
export function gamesTables(records: readonly GameRecord[]): string {
  const sections = records.map((record) => {
    const { title, formula, source, equilibrium } = gameOf(record);
    const [x, y] = equilibrium.map((value) => Number(value.toFixed(4)));
    const started = record.starts.map((start) => Math.hypot(start[0] - equilibrium[0], start[1] - equilibrium[1]));
    const head = [
      `### ${title}`,
      `${formula} (${source}); equilibrium (${x}, ${y}). Step size ${record.lr}, ${record.starts.length} starting points at a distance of ${spread(started)}.`,
    ];
    const tables = playOrders
      .filter((order) => armsOf(record, order).length > 0)
      .map(
        (order) =>
          `${order === "simultaneous" ? "Simultaneous" : "Alternating"} steps:\n\n${gamesTable(record, order)}`,
      );
    return [...head, ...tables].join("\n\n");
  });
  return `${sections.join("\n\n")}\n`;
}

/** Trajectories of the first starting points: a row for each order, a column for each setting. */
function waysFigure(record: GameRecord): string {
  const { equilibrium, view } = gameOf(record);
  const shown = playOrders.flatMap((order) => armsOf(record, order));
  const panels = shown.map(({ order, setting, ways, ends }) => ({
    title: `${order}, ${shortName(setting)}`,
    ways: ways.map((points, i) => ({ points, end: ends[i] ?? [Number.NaN, Number.NaN] })),
  }));
  const frame = { x: equilibrium[0] - view / 2, y: equilibrium[1] - view / 2, size: view };
  const columns = Math.max(...playOrders.map((order) => armsOf(record, order).length));
  return trajectories({ panels, frame, mark: equilibrium, columns });
}

/** The distances over the steps, both logarithmic: a power of the steps is a straight line. */
function distanceFigure(record: GameRecord, order: PlayOrder): string {
  const bands: Band[] = armsOf(record, order).map(({ setting, at, distances }) => ({
    name: shortName(setting),
    points: at.flatMap((step, i) => {
      const { mean, halfWidth } = logarithms(distances[i]!);
      // Rounded, since the axis ends with a label of its last value.
      const x = Number(Math.log10(step).toFixed(2));
      return Number.isFinite(mean) && !(halfWidth > WIDEST) ? [{ x, mean, halfWidth }] : [];
    }),
  }));
  const means = bands.flatMap(({ points }) => points.map(({ mean }) => mean));
  // With room above, for lines that lie on a whole number.
  const range = {
    min: Math.max(-6, Math.floor(Math.min(...means))),
    max: Math.min(3, Math.ceil(Math.max(...means) + 0.25)),
  };
  const title = `${gameOf(record).title}, ${order} steps: log10 of the distance, mean and 95 % interval`;
  return bandChart({ title, xName: "log10 of the step", bands, range });
}

const ORDER = toyGames.map(({ name }) => name);

/** `gantry lab games`. */
export const games = defineExperiment({
  name: "games",
  description:
    "Plays games of two numbers by gradient steps: plain, with historical averaging, and with what is compared to it. Shows trajectories and distances from the equilibrium.",
  examples: [
    { line: "gantry lab games", does: "four games, both orders, four weights, 16 starting points: about two minutes" },
    {
      line: "gantry lab games --games bilinear --weights 0.1,0.2,0.5 --lr 0.2 --out lab/bilinear",
      does: "one game, other weights, longer steps",
    },
  ],
  options: {
    games: z
      .array(z.enum(ORDER))
      .default(ORDER)
      .describe("the games: min-max of xy, the Dirac-GAN, the paper's own non-convex game, one with a limit cycle"),
    orders: z
      .array(z.enum(playOrders))
      .default([...playOrders])
      .describe("simultaneous: both step from the same point; alternating: y first, x against the new y"),
    weights: z.array(positive()).default([0.01, 0.1, 1, 10]).describe("weights of historical averaging"),
    lr: positive().default(0.05).describe("step size of both players"),
    steps: whole().default(10_000).describe("steps of each play"),
    seeds: seeds(16, `starting points, uniform over a square of side ${START_SIDE} around the equilibrium`),
  },
  // Tensors have few numbers, so a second thread would not help.
  threads: 1,
  record: schema,
  key: ["game"],
  order: ({ game }) => [ORDER.indexOf(game)],
  prepare({ games, orders, ...rest }, { progress }) {
    const how = { ...rest, orders: playOrders.filter((order) => orders.includes(order)) };
    return {
      cells: ORDER.filter((name) => games.includes(name)).map((game) => ({ game })),
      differs(record) {
        const [before, now] = [inFlags(playedWith(record)), inFlags(how)];
        return before === now ? undefined : `was played with ${before}, not ${now}`;
      },
      measure: ({ game }) => playAll(gameOf({ game }), how, (arm) => progress(`${game}: ${arm}`)),
    };
  },
  page: (records) => ({
    tables: gamesTables(records),
    figures: records.flatMap((record) => [
      { name: `${record.game}-ways`, svg: waysFigure(record) },
      ...playOrders
        .filter((order) => armsOf(record, order).length > 0)
        .map((order) => ({ name: `${record.game}-${order}-distance`, svg: distanceFigure(record, order) })),
    ]),
  }),
});

/** The raw numbers of one game, as JSON: what tables and figures are made of. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../formats/atomic.ts";
import { readJsonFile } from "../../formats/json-file.ts";
import { engineSummary } from "../../tensor/index.ts";
import { recordFiles } from "../record-files.ts";
import { type Places, type PlayOrder, type PlaySetting, playGame, playOrders } from "./play.ts";
import { startsOf, type ToyGame, toyGames } from "./toy-games.ts";

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
  engine: z.record(z.string(), z.union([z.string(), z.number()])),
  arms: z.array(
    z.strictObject({
      order: z.enum(playOrders),
      setting,
      /** Steps after which the distances were taken, about twelve a decade. */
      at: z.array(z.int()),
      /** Of each of these steps: every starting point's distance from the equilibrium; null where it is not finite. */
      distances: z.array(z.array(z.number().nullable())),
      /** The ways of the first starting points, thinned, until they are too long or too far out. */
      ways: z.array(z.array(point)),
      /** Where these stand after the last step; null where that is not finite. */
      ends: z.array(point.nullable()),
    }),
  ),
});

/** See {@link playAll}. */
export type GameRecord = z.output<typeof schema>;

/** One way of playing a game. */
export type Arm = GameRecord["arms"][number];

/** What is played. */
export interface GamesExperiment {
  /** Default: both. */
  readonly orders?: readonly PlayOrder[] | undefined;
  /** Weights of historical averaging; default 0.01, 0.1, 1, 10. */
  readonly weights?: readonly number[] | undefined;
  /** Step size of both players; default 0.05. */
  readonly lr?: number | undefined;
  /** Default 10,000. */
  readonly steps?: number | undefined;
  /** Starting points, one from each seed 0, 1 ...; default 16. */
  readonly seeds?: number | undefined;
}

/** The default weights of historical averaging. */
export const HISTORY_WEIGHTS: readonly number[] = [0.01, 0.1, 1, 10];

const LR = 0.05;
const STEPS = 10_000;
const SEEDS = 16;

/** Decay of the average that stands beside: the default of `weightAveraging`. */
const DECAY = 0.999;
/** Weight of R1 that stands beside: the default of `r1`. */
const R1_WEIGHT = 10;

const WAYS = 3;
const MOST_POINTS = 400;

/** Steps about evenly spaced on a logarithmic scale, twelve a decade, the last included. */
export function spacedSteps(steps: number): number[] {
  const count = Math.floor(12 * Math.log10(steps));
  const spaced = Array.from({ length: count + 1 }, (_, i) => Math.round(10 ** (i / 12)));
  return [...new Set([...spaced, steps])];
}

// JSON knows no negative zero.
const thousandths = (value: number): number => Math.round(value * 1000) / 1000 + 0;

/** A way in the making: points a hundredth of the view apart. */
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
    // Written so that what is not a number ends it.
    const near = Math.hypot(place[0] - equilibrium[0], place[1] - equilibrium[1]) < 3 * view;
    if (!near || this.points.length >= MOST_POINTS) this.#done = true;
    if (this.#done || Math.hypot(place[0] - this.#last[0], place[1] - this.#last[1]) < view / 100) return;
    this.#last = place;
    this.points.push([thousandths(place[0]), thousandths(place[1])]);
  }
}

/** Plays a game in one way. */
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

/** An experiment in the words of its flags. */
const inFlags = (lr: number, steps: number, seeds: number, weights: readonly number[], orders: readonly PlayOrder[]) =>
  `--lr ${lr} --steps ${steps} --seeds ${seeds} --weights ${weights} --orders ${orders}`;

/** The flags that a record was played with. */
function flagsOf({ lr, steps, seeds, arms }: GameRecord): string {
  const weights = new Set(arms.flatMap(({ setting }) => (setting.kind === "history" ? [setting.weight] : [])));
  return inFlags(lr, steps, seeds.length, [...weights], [...new Set(arms.map(({ order }) => order))]);
}

/**
 * Makes sure that a folder's records, if it has any, are of this experiment: a page compares what was played alike.
 *
 * @throws UserError naming the record and its flags.
 */
export function refuseOtherGames(folder: string, experiment: GamesExperiment): void {
  const { lr = LR, steps = STEPS, seeds = SEEDS, weights = HISTORY_WEIGHTS, orders = playOrders } = experiment;
  const flags = inFlags(lr, steps, seeds, [...new Set(weights)], orders);
  for (const file of toyGames.map(({ name }) => recordFile(folder, name)).filter((path) => existsSync(path))) {
    const before = flagsOf(readJsonFile(file, schema));
    if (before !== flags) {
      throw new UserError(`${file} was played with ${before}, not ${flags}; choose another folder with --out`);
    }
  }
}

/**
 * Plays a game in every way that is to be compared: plain, with historical averaging of each weight, plain with the
 * moving average of the players in their place, and with R1 where there is a discriminator.
 *
 * @example
 * const record = playAll(toyGames[0]!, { weights: [0.1, 1], seeds: 4, steps: 1_000 });
 */
export function playAll(game: ToyGame, experiment: GamesExperiment = {}, begins?: (arm: string) => void): GameRecord {
  const { weights = HISTORY_WEIGHTS, lr = LR, steps = STEPS } = experiment;
  const settings: PlaySetting[] = [
    { kind: "plain" },
    ...weights.map((weight) => ({ kind: "history", weight }) as const),
    { kind: "average", decay: DECAY },
    ...(game.slope ? [{ kind: "r1", weight: R1_WEIGHT } as const] : []),
  ];
  const seeds = Array.from({ length: experiment.seeds ?? SEEDS }, (_, i) => i);
  const starts = startsOf(game, seeds);
  const arms = (experiment.orders ?? playOrders).flatMap((order) =>
    settings.map((setting) => {
      begins?.(`${order}, ${settingName(setting)}`);
      return armOf(game, setting, order, { lr, steps, starts });
    }),
  );
  const engine = { ...engineSummary() };
  return schema.parse({ format: 1, game: game.name, lr, steps, seeds, starts, engine, arms });
}

/** How a setting reads in tables and figures. */
export function settingName(setting: PlaySetting): string {
  switch (setting.kind) {
    case "plain":
      return "plain";
    case "history":
      return `historical averaging, weight ${setting.weight}`;
    case "average":
      return `moving average, decay ${setting.decay}`;
    case "r1":
      return `R1, weight ${setting.weight}`;
  }
}

const recordFile = (folder: string, game: string): string => join(folder, `${game}.json`);

/** Writes a record into a folder. */
export function writeGameRecord(folder: string, record: GameRecord): void {
  const { arms, ...head } = record;
  const lines = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  const rows = arms.map((arm) => `    ${JSON.stringify(arm)}`);
  writeFileAtomic(recordFile(folder, record.game), [
    `{\n${lines.join(",\n")},\n  "arms": [\n${rows.join(",\n")}\n  ]\n}\n`,
  ]);
}

/**
 * All records of a folder, in the order of the games.
 * @throws UserError when there are none, and for a damaged one.
 */
export function readGameRecords(folder: string): GameRecord[] {
  const order = toyGames.map(({ name }) => name);
  return recordFiles(folder, new RegExp(`^(${order.join("|")})\\.json$`), "games")
    .map((path) => readJsonFile(path, schema))
    .sort((a, b) => order.indexOf(a.game) - order.indexOf(b.game));
}

/** Tables and figures of the games, made of their records. */
import { join } from "node:path";
import { type Band, bandChart, trajectories } from "../../figures/index.ts";
import { writeFileAtomic } from "../../formats/index.ts";
import { writeFigure } from "../mixture/figures.ts";
import { type Interval, interval } from "../statistics.ts";
import { type PlayOrder, playOrders } from "./play.ts";
import { type Arm, type GameRecord, settingName } from "./record.ts";
import { type ToyGame, toyGames } from "./toy-games.ts";

/** A start counts as arrived when it ends so near to the equilibrium. */
const NEAR = 0.01;

/** A line ends where its interval is this many decades to each side: some of its plays are on their way out of the numbers. */
const WIDEST = 3;

const gameOf = ({ game }: GameRecord): ToyGame => toyGames.find(({ name }) => name === game)!;

/** The decimal logarithms of distances: they lie decades apart, so that a mean of distances would show the largest alone. */
function logarithms(distances: readonly (number | null)[]): Interval {
  return interval(distances.map((distance) => Math.log10(Math.max(distance ?? Number.NaN, Number.MIN_VALUE))));
}

/** A distance with two digits that count. */
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
export function gamesTable(record: GameRecord, order: PlayOrder): string {
  const arms = armsOf(record, order);
  const steps = columnsOf(arms[0]!);
  const header = ["", ...steps.map((step) => `after ${step.toLocaleString("en")}`), `within ${NEAR} at the end`];
  const rows = arms.map((arm) => {
    const cells = steps.map((step) => spread(arm.distances[arm.at.indexOf(step)]!));
    const last = arm.distances.at(-1)!;
    const arrived = last.filter((distance) => distance !== null && distance <= NEAR).length;
    return [settingName(arm.setting), ...cells, `${arrived} of ${last.length}`];
  });
  const rule = header.map((_, i) => (i === 0 ? "---" : "---:"));
  return [header, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
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

/** The ways of the first starting points: a row for each order, a column for each setting. */
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

/** A setting's name where there is little room. */
function shortName(setting: Arm["setting"]): string {
  switch (setting.kind) {
    case "plain":
      return "plain";
    case "history":
      return `HA ${setting.weight}`;
    case "average":
      return "average";
    case "r1":
      return "R1";
  }
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

/**
 * Writes `tables.md` and `figures/` of records into a folder, and gives the tables. Figures, each .svg and .png:
 * `bilinear-ways` and, for each order, `bilinear-simultaneous-distance`.
 */
export async function writeGamesPage(folder: string, records: readonly GameRecord[]): Promise<string> {
  const names: string[] = [];
  for (const record of records) {
    const figures = [
      [`${record.game}-ways`, waysFigure(record)] as const,
      ...playOrders
        .filter((order) => armsOf(record, order).length > 0)
        .map((order) => [`${record.game}-${order}-distance`, distanceFigure(record, order)] as const),
    ];
    for (const [name, svg] of figures) names.push(await writeFigure(join(folder, "figures"), name, svg));
  }
  const tables = gamesTables(records);
  const images = names.map((name) => `![${name}](figures/${name}.svg)`);
  writeFileAtomic(join(folder, "tables.md"), [`${[tables.trimEnd(), ...images].join("\n\n")}\n`]);
  return tables;
}

/** games.md: distances from the equilibria of four games. */
import { type GameRecord, gamesTables } from "../../../src/experiments/games/games.ts";
import { listed, markdownTable } from "./compare.ts";
import { labRecords, tablesIn } from "./records.ts";

const ORDERS = ["simultaneous", "alternating"] as const;
const records = (name: string) => labRecords<GameRecord>("games", name);

/** The tables of the games: `[game][order]`, each row a setting, the last columns the last distance and who arrived. */
function finals(): { game: string; order: (typeof ORDERS)[number]; rows: string[][] }[] {
  const all = records("games");
  const tables = tablesIn(gamesTables(all));
  return all.flatMap(({ game }, i) => ORDERS.map((order, j) => ({ game, order, rows: tables[2 * i + j]!.slice(1) })));
}

const TITLES = { bilinear: "bilinear", dirac: "Dirac-GAN", salimans: "Salimans", forsaken: "Forsaken" } as const;
const titleOf = (game: string): string => TITLES[game as keyof typeof TITLES];

/** Distance at the end and arrivals of one order of play, a column for each game. */
function finalTable(order: (typeof ORDERS)[number]): string {
  const own = finals().filter((one) => one.order === order);
  const settings = [...new Set(own.flatMap(({ rows }) => rows.map(([setting]) => setting!)))];
  const cells = settings.map((setting) => [
    setting,
    ...own.map(({ rows }) => {
      const row = rows.find(([name]) => name === setting);
      return row === undefined ? "–" : `${row.at(-2)} [${row.at(-1)!.split(" ")[0]}]`;
    }),
  ]);
  return markdownTable(["", ...own.map(({ game }) => titleOf(game))], cells, 1);
}

/** How many of the starts arrive with a setting in each game, in alternating steps. */
const arrivals = (setting: string): string[] =>
  finals()
    .filter(({ order }) => order === "alternating")
    .map(
      ({ rows }) =>
        rows
          .find(([name]) => name === setting)!
          .at(-1)!
          .split(" ")[0]!,
    );

function forsaken(): string {
  const [table] = tablesIn(gamesTables(records("games-forsaken")));
  return markdownTable(table![0]!, table!.slice(1), 1);
}

function answer(): string {
  const games = finals()
    .filter(({ order }) => order === "alternating")
    .map(({ game }) => titleOf(game));
  const [table] = tablesIn(gamesTables(records("games-forsaken")));
  const best = table!.slice(1).find(([name]) => name === "historical averaging, weight 0.2")!;
  return (
    `Yes, with a weight that suits the game: with weight 0.1 ${listed(arrivals("historical averaging, weight 0.1"))} of 16 starts arrive in ` +
    `${listed(games)} (alternating steps), in plain play ${listed(arrivals("plain"))}; on Forsaken, which has a limit cycle, ${best.at(-1)} arrive with weight 0.2`
  );
}

export const answers = { answer };

export const parts: Readonly<Record<string, () => string>> = {
  answer: () => `**Short answer.** ${answer()}.`,
  simultaneous: () => finalTable("simultaneous"),
  alternating: () => finalTable("alternating"),
  forsaken,
};

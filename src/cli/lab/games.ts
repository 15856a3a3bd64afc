/** `gantry lab games`: gradient play on games of two numbers, with and without historical averaging. */
import { join } from "node:path";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../errors.ts";
import { positiveNumber, wholeNumber } from "../flags.ts";
import { StatusLine } from "../progress.ts";
import { listOf, namesOf } from "./lists.ts";

const args = {
  games: {
    type: "string",
    valueHint: "A,B",
    default: "bilinear,dirac,salimans,forsaken",
    description: "the games: min-max of xy, the Dirac-GAN, the paper's own non-convex game, one with a limit cycle",
  },
  orders: {
    type: "string",
    valueHint: "A,B",
    default: "simultaneous,alternating",
    description: "both players step from the same point, or the second meets the first's new one",
  },
  weights: { type: "string", valueHint: "A,B", default: "0.01,0.1,1,10", description: "of historical averaging" },
  lr: { type: "string", valueHint: "LR", default: "0.05", description: "step size of both players" },
  steps: { type: "string", valueHint: "N", default: "10000", description: "steps of each play" },
  seeds: { type: "string", valueHint: "N", default: "16", description: "starting points, one from each seed 0 to N-1" },
  out: { type: "string", valueHint: "DIR", default: "lab/games", description: "the folder of the results" },
  records: {
    type: "string",
    valueHint: "DIR",
    description: "play nothing: make tables and figures in --out from the records in this folder",
  },
  json: { type: "boolean", description: "print one JSON object instead of text" },
} as const;

/** The command. */
export const gamesCommand = defineCommand({
  meta: {
    name: "games",
    description:
      "Plays games of two numbers by gradient steps: plain, with historical averaging, and with what is compared to it. Shows trajectories and distances from the equilibrium.",
  },
  args,
  examples: [
    { line: "gantry lab games", does: "four games, both orders, four weights, 16 starting points: about a minute" },
    {
      line: "gantry lab games --games bilinear --weights 0.1,0.2,0.5 --lr 0.2 --out lab/bilinear",
      does: "other weights and steps",
    },
    { line: "gantry lab games --records docs/results/data/games --out /tmp/again", does: "tables and figures again" },
  ],
  async run({ args: flags }) {
    const lr = positiveNumber("--lr", flags.lr);
    const steps = wholeNumber("--steps", flags.steps, 1);
    const seeds = wholeNumber("--seeds", flags.seeds, 1);
    const weights = listOf(flags.weights).map((text) => positiveNumber("--weights", text)!);
    const lab = await import("../../experiments/index.ts");
    const names = lab.toyGames.map(({ name }) => name);
    const listed = namesOf("--games", flags.games, names);
    const games = lab.toyGames.filter(({ name }) => listed.includes(name));
    const wanted = namesOf("--orders", flags.orders, lab.playOrders);
    const orders = lab.playOrders.filter((order) => wanted.includes(order));
    if (flags.records === undefined) {
      const experiment = { orders, weights, lr, steps, seeds };
      lab.refuseOtherGames(join(flags.out, "records"), experiment);
      const { configureEngine } = await import("../../tensor/index.ts");
      // A few numbers a tensor: a second thread would only be waited for.
      configureEngine({ threads: 1 });
      const status = new StatusLine(process.stderr);
      for (const game of games) {
        const record = lab.playAll(game, experiment, (arm) => status.update(`${game.name}: ${arm}`));
        lab.writeGameRecord(join(flags.out, "records"), record);
      }
      status.end();
    }
    const records = lab.readGameRecords(flags.records ?? join(flags.out, "records"));
    const tables = await lab.writeGamesPage(flags.out, records);
    const end = { event: "end", directory: flags.out };
    process.stdout.write(
      flags.json ? `${JSON.stringify(end)}\n` : `${tables}\nResults: ${join(flags.out, "tables.md")}\n`,
    );
    return exitCodes.success;
  },
});

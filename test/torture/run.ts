/**
 * `npm run torture -- [kills=50] [disks=10] [bits=500] [files=20000] [clients=200] [steps=10000]
 * [seed=1] [--json]`: what docs/explanation/reliability.md
 * promises, tried again and again. The same seed makes the same changes; the moments of kills are the machine's. Ends with 1
 * where a promise is broken.
 */
import { bits } from "./bits.ts";
import { clients } from "./clients.ts";
import { disks } from "./disks.ts";
import { files } from "./files.ts";
import { kills } from "./kills.ts";
import { steps } from "./steps.ts";
import type { Outcome } from "./trial.ts";

const parts = { kills, disks, bits, files, clients, steps } as const;
type Part = keyof typeof parts;

const usual: Readonly<Record<Part | "seed", number>> = {
  kills: 50,
  disks: 10,
  bits: 500,
  files: 20_000,
  clients: 200,
  steps: 10_000,
  seed: 1,
};

/** The counts that were asked for. Where some parts are named, the others are left out. */
function wanted(args: readonly string[]): Record<Part | "seed", number> {
  const given = new Map<string, number>();
  for (const arg of args.filter((text) => text !== "--json")) {
    const [, name, value] = /^(?:--)?(\w+)=(\d+)$/.exec(arg) ?? [];
    if (name === undefined || !(name in usual)) {
      throw new Error(`${arg}: give ${Object.keys(usual).join("=N, ")}=N`);
    }
    given.set(name, Number(value));
  }
  const named = [...given.keys()].some((name) => name !== "seed");
  const entries = Object.entries(usual).map(([name, count]) => [
    name,
    given.get(name) ?? (named && name !== "seed" ? 0 : count),
  ]);
  return Object.fromEntries(entries);
}

function line({ part, trials, problems, notes }: Outcome): string {
  const total = Object.values(trials).reduce((sum, count) => sum + count, 0);
  const kinds = Object.entries(trials).map(([kind, count]) => `${count} ${kind}`);
  return `| ${[part, total, problems.length, [...kinds, ...notes].join("; ")].join(" | ")} |`;
}

const args = process.argv.slice(2);
const counts = wanted(args);
const outcomes: Outcome[] = [];
for (const part of Object.keys(parts) as Part[]) {
  if (counts[part] === 0) continue;
  const begun = performance.now();
  const outcome = await parts[part](counts[part], counts.seed);
  outcomes.push(outcome);
  process.stderr.write(`${part}: ${((performance.now() - begun) / 1000).toFixed(0)} s\n`);
}
if (args.includes("--json")) console.log(JSON.stringify(outcomes));
else {
  console.log("| part | trials | broken promises | of which |\n| --- | ---: | ---: | --- |");
  for (const outcome of outcomes) console.log(line(outcome));
}
const problems = outcomes.flatMap((outcome) => outcome.problems);
for (const problem of problems) console.log(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

/**
 * The benchmarks: Gantry's training step next to the same step in plain PyTorch, on the same libtorch with as many threads.
 *
 *     npm run bench                                   all, as a table
 *     npm run bench -- --only dcgan-32 --json         some (the flag repeats), one JSON object per line
 *     npm run bench -- sngan-32                       one
 *     npm run bench -- --threads 1
 *     npm run bench -- --cpu --threads 1              processor time: for a machine that others use as well
 *     npm run bench -- --turns 3                      fewer turns than planned
 *     npm run bench -- --wait 60                      each turn waits up to 60 s for an idle machine
 *     npm run bench -- top-k --pairs 20               one that prints its own lines, with arguments of its own
 *
 * A row says: the median milliseconds of a step of ours and of PyTorch's, their ratio (below 1 is faster), how much of
 * our time the arithmetic alone would take at this engine's highest rate (`limit.ts`), and the most anonymous memory of
 * either process. The row `memory` is about that memory alone, in a few steps of DCGAN-64.
 */
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { UserError } from "../src/base/errors.ts";
import type { Clock } from "./clock.ts";
import { type Comparison, compare, type Plan, runProgram, type Times } from "./compare.ts";
import { findPython } from "./python.ts";

const PLANS: readonly Plan[] = [
  { name: "overhead-add", turns: 15, count: 2, each: 5000 },
  { name: "mlp", turns: 15, count: 4, each: 10 },
  { name: "dcgan-32", turns: 10, count: 4, each: 1 },
  { name: "dcgan-64", turns: 8, count: 2, each: 1 },
  { name: "sngan-32", turns: 6, count: 1, each: 1 },
  { name: "biggan-32", turns: 5, count: 1, each: 1 },
  { name: "biggan-128", turns: 5, count: 1, each: 1 },
  { name: "inception", turns: 5, count: 1, each: 1 },
  { name: "memory", step: "dcgan-64", turns: 1, count: 12, each: 1 },
];
/** Benchmarks that print their own lines; run when asked for by name. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "batch-layers": "batch-layers.ts",
  convolutions: "convolutions.ts",
  "data-loading": "data-loading.ts",
  fid: "fid.ts",
  "top-k": "top-k.ts",
};
const WIDTHS = [12, 28, 28, 6, 6, 9, 12];

interface Options {
  readonly only: readonly string[];
  readonly json: boolean;
  readonly threads: number;
  /** Milliseconds. */
  readonly patience: number;
  readonly clock: Clock;
  /** In place of the plans'. */
  readonly turns: number | undefined;
}

function options(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      cpu: { type: "boolean" },
      turns: { type: "string" },
      only: { type: "string", multiple: true },
      json: { type: "boolean" },
      threads: { type: "string" },
      wait: { type: "string" },
    },
  });
  const known = [...PLANS.map(({ name }) => name), ...Object.keys(PROGRAMS)];
  const named = [...(values.only ?? []), ...positionals];
  for (const name of named)
    if (!known.includes(name)) throw new UserError(`${name}: there is no such benchmark, but ${known.join(", ")}`);
  const threads = Number(values.threads ?? availableParallelism());
  if (!Number.isInteger(threads) || threads < 1)
    throw new UserError(`--threads ${values.threads}: a whole number from 1 was expected`);
  const seconds = Number(values.wait ?? 0);
  if (!(seconds >= 0)) throw new UserError(`--wait ${values.wait}: a number of seconds was expected`);
  const turns = values.turns === undefined ? undefined : Number(values.turns);
  if (turns !== undefined && (!Number.isInteger(turns) || turns < 1))
    throw new UserError(`--turns ${values.turns}: a whole number from 1 was expected`);
  const only = named.length > 0 ? named : PLANS.map(({ name }) => name);
  const clock = values.cpu ? "cpu" : "wall";
  return { only, json: values.json ?? false, threads, patience: 1000 * seconds, clock, turns };
}

async function main({ only, json, threads, patience, clock, turns }: Options): Promise<void> {
  const { python, reasons } = findPython();
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  if (python === undefined) say(`No Python has this libtorch, so there is no peer (${reasons.join("; ")}).`);
  const processor = cpus()[0]?.model.trim() ?? "unknown processor";
  const load = loadavg()[0]!;
  if (load > 0.3 * availableParallelism()) say(`The machine is busy (load ${load.toFixed(1)}): expect wide spreads.`);
  let titled = json;
  for (const plan of PLANS.filter(({ name }) => only.includes(name))) {
    const result = await compare({ ...plan, turns: turns ?? plan.turns }, python, { threads, patience, clock });
    if (!titled) {
      const peer = python ? `, PyTorch in ${python.command}` : "";
      console.log(`libtorch ${result.engine}, ${threads} threads, ${processor}${peer}`);
      console.log(
        `milliseconds ${clock === "cpu" ? "of processor time " : ""}a step: median (fastest, middle half); memory: peak, anonymous, MiB\n`,
      );
      console.log(line(["", "ours", "PyTorch", "ratio", "limit", "ours MiB", "PyTorch MiB"]));
      titled = true;
    }
    console.log(json ? JSON.stringify(object(result)) : row(result));
  }
  for (const [name, file] of Object.entries(PROGRAMS))
    if (only.includes(name)) await runProgram(file, json ? ["--json"] : []);
}

/** Of the row `memory` only the memory counts, and its ratio is that of the memories. */
function ratioOf({ name, ours, peer, ourMemory, peerMemory }: Comparison): number | undefined {
  if (name !== "memory") return peer && ours.median / peer.median;
  return ourMemory && peerMemory && ourMemory / peerMemory;
}

function object(result: Comparison): Record<string, unknown> {
  const { name, engine, ours, peer, limit, ourMemory, peerMemory } = result;
  const timed = name !== "memory";
  const rounded = (value: number | undefined): number | null =>
    value === undefined ? null : Number(value.toPrecision(4));
  return {
    name,
    engine,
    ours_ms: timed ? rounded(ours.median) : null,
    peer_ms: timed ? rounded(peer?.median) : null,
    ratio: rounded(ratioOf(result)),
    limit_fraction: timed ? rounded(limit && limit / ours.median) : null,
    ours_rss_mb: rounded(ourMemory),
    peer_rss_mb: rounded(peerMemory),
  };
}

function row(result: Comparison): string {
  const { name, ours, peer, limit, ourMemory, peerMemory } = result;
  const timed = name !== "memory";
  const fixed = (value: number | undefined, digits: number): string => value?.toFixed(digits) ?? "-";
  return line([
    name,
    timed ? described(ours) : "-",
    timed && peer ? described(peer) : "-",
    fixed(ratioOf(result), 2),
    timed ? fixed(limit && limit / ours.median, 2) : "-",
    fixed(ourMemory, 0),
    fixed(peerMemory, 0),
  ]);
}

function described({ median, least, quarters }: Times): string {
  const text = (value: number): string => (value < 100 ? value.toPrecision(3) : value.toFixed(0));
  return `${text(median)} (${text(least)}, ${text(quarters[0])}-${text(quarters[1])})`;
}

const line = (cells: readonly string[]): string =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[i]!) : cell.padStart(WIDTHS[i]!))).join(" ");

try {
  const [name = "", ...rest] = process.argv.slice(2);
  const program = PROGRAMS[name];
  if (program === undefined) await main(options(process.argv.slice(2)));
  else await runProgram(program, rest);
} catch (error) {
  process.exitCode = 1;
  console.error(error instanceof Error ? error.message : String(error));
}

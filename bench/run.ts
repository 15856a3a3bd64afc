/**
 * The benchmarks: Gantry's training step next to the same step in PyTorch, on the same libtorch with as many threads. PyTorch
 * is written in three styles (`peer/style.py`): plain eager, expert eager, and torch.compile.
 *
 *     npm run bench                                   all, as a table
 *     npm run bench -- --only dcgan-32 --json         some (the flag repeats), one JSON object per line
 *     npm run bench -- sngan-32                       one
 *     npm run bench -- --threads 1
 *     npm run bench -- --cpu --threads 1              processor time: for a machine that others use as well
 *     npm run bench -- --device cuda                  both sides on a GPU; ours, expert and compiled (docs/how-to/gpu.md)
 *     npm run bench -- --turns 3                      fewer turns than planned
 *     npm run bench -- --wait 60                      each turn waits up to 60 s for an idle machine
 *     npm run bench -- top-k --pairs 20               one that prints its own lines, with arguments of its own
 *
 * Lines say: the median milliseconds of a step, the most anonymous memory of the process, the ratio of ours to each peer's
 * time (below 1 is faster), or why there is no such peer. The ratio that counts is that to the best peer, in our line, with how
 * much of our time the arithmetic alone would take at this engine's highest rate (`limit.ts`). The row `memory` is about
 * memory alone, in a few steps of DCGAN-64.
 */
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { UserError } from "../src/base/errors.ts";
import { thisProcessor } from "../src/base/processor.ts";
import type { Clock } from "./clock.ts";
import { type Comparison, compare, type Measured, type Peer, type Plan, runProgram, type Times } from "./compare.ts";
import { engineLine } from "./engine.ts";
import { findPython } from "./python.ts";

/** Those with `gpu` are too large for a processor: there they run when they are named. */
const PLANS: readonly (Plan & { readonly gpu?: boolean })[] = [
  { name: "overhead-add", styles: ["eager"], turns: 15, count: 2, each: 5000 },
  { name: "mlp", turns: 15, count: 4, each: 10 },
  { name: "dcgan-32", turns: 10, count: 4, each: 1 },
  { name: "dcgan-64", turns: 8, count: 2, each: 1 },
  { name: "dcgan-128", turns: 5, count: 2, each: 1, gpu: true },
  { name: "dcgan-32-r1", turns: 8, count: 2, each: 1 },
  { name: "dcgan-32-wgan-gp", turns: 8, count: 2, each: 1 },
  { name: "sngan-32", turns: 6, count: 1, each: 1 },
  { name: "sngan-32-r1r2", turns: 5, count: 1, each: 1 },
  { name: "biggan-32", turns: 5, count: 1, each: 1 },
  { name: "biggan-128", turns: 5, count: 1, each: 1 },
  { name: "biggan-32-96", turns: 5, count: 2, each: 1, gpu: true },
  { name: "biggan-128-96", turns: 5, count: 1, each: 1, gpu: true },
  // The fourth step is captured.
  ...["mlp", "dcgan-32", "sngan-32", "biggan-32-96"].map((step) => {
    return { name: `${step}-graph`, step, graph: true, turns: 10, count: 10, each: 1, gpu: true };
  }),
  { name: "inception", turns: 5, count: 1, each: 1 },
  { name: "memory", step: "dcgan-64", turns: 1, count: 12, each: 1 },
];
/** Benchmarks that print their own lines; run when asked for by name. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "batch-layers": "batch-layers.ts",
  busy: "busy.ts",
  convolutions: "convolutions.ts",
  "data-loading": "data-loading.ts",
  fid: "fid.ts",
  signals: "signals.ts",
  studio: "studio.ts",
  "top-k": "top-k.ts",
};
/** Of the columns; those below zero are set from the left. */
const WIDTHS = [-12, -8, 26, 5, 5, -20];

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
      device: { type: "string" },
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
  const device = values.device ?? "cpu";
  // The processes of both sides inherit it.
  process.env.GANTRY_BENCH_DEVICE = device;
  const usual = PLANS.filter(({ gpu = false }) => !gpu || device !== "cpu");
  const only = named.length > 0 ? named : usual.map(({ name }) => name);
  const clock = values.cpu ? "cpu" : "wall";
  return { only, json: values.json ?? false, threads, patience: 1000 * seconds, clock, turns };
}

async function main({ only, json, threads, patience, clock, turns }: Options): Promise<void> {
  const { python, reasons } = findPython();
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  if (python === undefined) say(`No Python has this libtorch, so there is no peer (${reasons.join("; ")}).`);
  const load = loadavg()[0]!;
  if (load > 0.3 * availableParallelism()) say(`The machine is busy (load ${load.toFixed(1)}): expect wide spreads.`);
  let titled = json;
  for (const plan of PLANS.filter(({ name }) => only.includes(name))) {
    const result = await compare({ ...plan, turns: turns ?? plan.turns }, python, { threads, patience, clock });
    if (!titled) {
      const peer = python ? `, PyTorch in ${python.command}` : "";
      console.log(`${engineLine(result.engine)}, ${threads} ${threads === 1 ? "thread" : "threads"}${peer}`);
      console.log(
        `milliseconds ${clock === "cpu" ? "of processor time " : ""}a step: median (fastest, middle half); memory: peak, anonymous; ratio: ours over it\n`,
      );
      console.log(line(["", "", "ms", "MiB", "ratio", ""]));
      titled = true;
    }
    console.log(json ? JSON.stringify(object(result)) : rows(result));
  }
  for (const [name, file] of Object.entries(PROGRAMS))
    if (only.includes(name)) await runProgram(file, json ? ["--json"] : []);
}

/** What the best peer is best in: its time, in the row `memory` its memory. */
const measureOf = (name: string, { times, memory }: Measured): number | undefined =>
  name === "memory" ? memory : times.median;

type MeasuredPeer = Extract<Peer, Measured>;

/** The peer that counts: the fastest, in the row `memory` the smallest; undefined without any. */
function bestOf({ name, peers }: Comparison): MeasuredPeer | undefined {
  const measured = peers.filter((peer): peer is MeasuredPeer => "times" in peer);
  const value = (peer: MeasuredPeer): number => measureOf(name, peer) ?? Number.POSITIVE_INFINITY;
  return measured.toSorted((a, b) => value(a) - value(b))[0];
}

/** Ours over a peer's; below 1 is faster, or less. */
function ratioTo({ name, ours }: Comparison, peer: Measured | undefined): number | undefined {
  const [mine, its] = [measureOf(name, ours), peer && measureOf(name, peer)];
  return mine !== undefined && its !== undefined ? mine / its : undefined;
}

function object(result: Comparison): Record<string, unknown> {
  const { name, engine, ours, peers, limit } = result;
  const { model, vectors = null } = thisProcessor();
  const timed = name !== "memory";
  const rounded = (value: number | undefined): number | null =>
    value === undefined ? null : Number(value.toPrecision(4));
  const milliseconds = (side: Measured | undefined): number | null => (timed ? rounded(side?.times.median) : null);
  const best = bestOf(result);
  const described = peers.map(({ style, ...peer }) => {
    if ("obstacle" in peer) return [style, peer] as const;
    return [
      style,
      { ms: milliseconds(peer), rss_mb: rounded(peer.memory), ratio: rounded(ratioTo(result, peer)) },
    ] as const;
  });
  return {
    name,
    processor: model,
    vectors,
    ...engine,
    ours_ms: milliseconds(ours),
    best: best?.style ?? null,
    peer_ms: milliseconds(best),
    ratio: rounded(ratioTo(result, best)),
    limit_fraction: timed ? rounded(limit && limit / ours.times.median) : null,
    ours_rss_mb: rounded(ours.memory),
    peer_rss_mb: rounded(best?.memory),
    peers: Object.fromEntries(described),
  };
}

/** A line for us, with the ratio that counts, and one for each peer. */
function rows(result: Comparison): string {
  const { name, ours, peers, limit } = result;
  const timed = name !== "memory";
  const fixed = (value: number | undefined, digits: number): string => value?.toFixed(digits) ?? "-";
  const side = (label: string, who: string, { times, memory }: Measured, ratio: string, notes: string): string =>
    line([label, who, timed ? described(times) : "-", fixed(memory, 0), ratio, notes]);
  const best = bestOf(result);
  const notes = [
    ...(best ? [`of ${best.style}`] : []),
    ...(timed && limit !== undefined ? [`limit ${fixed(limit / ours.times.median, 2)}`] : []),
  ];
  return [
    side(name, "Gantry", ours, fixed(ratioTo(result, best), 2), notes.join(", ")),
    ...peers.map((peer) =>
      "obstacle" in peer
        ? line(["", peer.style, "-", "-", "-", peer.obstacle])
        : side("", peer.style, peer, fixed(ratioTo(result, peer), 2), ""),
    ),
  ].join("\n");
}

function described({ median, least, quarters }: Times): string {
  const text = (value: number): string => (value < 100 ? value.toPrecision(3) : value.toFixed(0));
  return `${text(median)} (${text(least)}, ${text(quarters[0])}-${text(quarters[1])})`;
}

const line = (cells: readonly string[]): string =>
  cells
    .map((cell, i) => (WIDTHS[i]! < 0 ? cell.padEnd(-WIDTHS[i]!) : cell.padStart(WIDTHS[i]!)))
    .join("  ")
    .trimEnd();

try {
  const [name = "", ...rest] = process.argv.slice(2);
  const program = PROGRAMS[name];
  if (program === undefined) await main(options(process.argv.slice(2)));
  else await runProgram(program, rest);
} catch (error) {
  process.exitCode = 1;
  console.error(error instanceof Error ? error.message : String(error));
}

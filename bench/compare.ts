/** One benchmark: our process and PyTorch's, one for each style, take turns, so that other work on the machine affects all alike. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Clock } from "./clock.ts";
import type { Engine } from "./engine.ts";
import { untilIdle } from "./idle.ts";
import { stepOperations } from "./limit.ts";
import type { Python } from "./python.ts";
import { Side } from "./side.ts";
import { quantile } from "./timing.ts";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const JITI = path("../node_modules/jiti/lib/jiti-cli.mjs");
const WORKER = path("worker.ts");
const PEER = path("peer/run.py");

/** The styles of `peer/style.py`. */
export const STYLES = ["eager", "expert", "compiled"] as const;

/** One of them. */
export type Style = (typeof STYLES)[number];

/** Those of G and D, where there are networks whose sizes are to be compared. */
type Parameters = readonly [number, number] | null;

/** The first answer of our side, and of a peer. */
type Hello = Engine & { readonly parameters: Parameters };
type PeerHello = { readonly parameters: Parameters } | { readonly obstacle: string };

/** What to run, and how often. */
export interface Plan {
  readonly name: string;
  /** The step of `steps.ts` and `peer/steps.py`; default: that of the same name. */
  readonly step?: string;
  /** Whether our side captures its steps as graphs, and replays them (docs/how-to/gpu.md). */
  readonly graph?: boolean;
  /** The peers' styles; default: all. */
  readonly styles?: readonly Style[];
  /** Turns that each side has. */
  readonly turns: number;
  /** Times taken in a turn. */
  readonly count: number;
  /** Steps in a time taken. */
  readonly each: number;
  /** Times taken before the first turn that do not count, at least; default 2. */
  readonly warmUp?: number;
}

/** Middle, fastest and the middle half of the times of one side, in milliseconds a step. */
export interface Times {
  readonly median: number;
  readonly least: number;
  readonly quarters: readonly [number, number];
}

/** What was measured of one process. */
export interface Measured {
  readonly times: Times;
  /** The most anonymous memory of the process, or of a GPU what was reserved at most, in MiB; undefined where the system does not tell. */
  readonly memory: number | undefined;
}

/** PyTorch in one style, or why there is none. */
export type Peer = { readonly style: Style } & (Measured | { readonly obstacle: string });

/** The result; no peers without a Python. */
export interface Comparison {
  readonly name: string;
  readonly engine: Engine;
  readonly ours: Measured;
  readonly peers: readonly Peer[];
  /** Milliseconds that the arithmetic of a step would take at the engine's highest rate; undefined where it is not counted. */
  readonly limit: number | undefined;
}

/**
 * Runs a plan with `threads` threads on all sides, each turn after up to `patience` milliseconds of waiting for the machine
 * to be idle.
 */
export async function compare(
  plan: Plan,
  python: Python | undefined,
  { threads, patience, clock }: { threads: number; patience: number; clock: Clock },
): Promise<Comparison> {
  const { name, step = name, graph = false, styles = STYLES, turns, count, each, warmUp = 2 } = plan;
  const environment = { OMP_NUM_THREADS: String(threads) };
  const itsOwn = { ...environment, GANTRY_BENCH_GRAPH: graph ? "yes" : "" };
  const ours = new Side(process.execPath, [JITI, WORKER, step, clock], itsOwn);
  const sides = [ours];
  const peers = new Map<Style, Side | { obstacle: string }>();
  try {
    const { parameters, ...engine } = await ours.answer<Hello>();
    // All multiply with the same kernels: by itself PyTorch may get slower ones from an OpenBLAS older than the processor.
    const blas = engine.kernels === null ? {} : { OPENBLAS_CORETYPE: engine.kernels };
    for (const style of python ? styles : []) {
      const itsEnvironment = { ...environment, ...blas, ...python!.environment };
      const peer = new Side(python!.command, [PEER, step, style, String(threads), clock], itsEnvironment);
      sides.push(peer);
      const hello = await peer.answer<PeerHello>();
      if ("obstacle" in hello) {
        sides.pop()!.close();
        peers.set(style, hello);
      } else {
        requireEqual(name, parameters, hello.parameters);
        peers.set(style, peer);
      }
    }
    const times = new Map<Side, number[]>(sides.map((side) => [side, []]));
    for (const side of sides) await side.run(Math.max(warmUp, count), each);
    for (let turn = 0; turn < turns; turn++) {
      // Every side comes at every place of a turn.
      const first = turn % sides.length;
      for (const side of [...sides.slice(first), ...sides.slice(0, first)]) {
        if (patience > 0) await untilIdle(patience);
        // The first step after another side's turn finds cold caches and sleeping threads: it is not counted.
        await side.run(1, 1);
        times.get(side)!.push(...(await side.run(count, each)));
      }
    }
    const measured = async (side: Side): Promise<Measured> => {
      const onDevice = await side.ask<number | null>("memory");
      return { times: summary(times.get(side)!), memory: onDevice ?? side.peakMemory() };
    };
    const found: Peer[] = [];
    for (const [style, peer] of peers) found.push({ style, ...(peer instanceof Side ? await measured(peer) : peer) });
    const result = { name, engine, ours: await measured(ours), peers: found };
    for (const side of sides) side.close();
    return { ...result, limit: await limitOf(graph ? step : name, clock, environment) };
  } finally {
    for (const side of sides) side.close();
  }
}

/** @throws Error when the networks of both sides are not of the same size. */
function requireEqual(name: string, ours: Parameters, theirs: Parameters): void {
  const words = (parameters: Parameters): string => parameters?.join(" and ") ?? "no";
  if (words(ours) === words(theirs)) return;
  throw new Error(`${name}: our networks have ${words(ours)} parameters, the peer's ${words(theirs)}`);
}

/** The arithmetic limit, measured in a third process, since its tensors would count as memory of the step. */
async function limitOf(
  name: string,
  clock: Clock,
  environment: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  const operations = stepOperations(name);
  if (operations === undefined) return undefined;
  const side = new Side(process.execPath, [JITI, WORKER, name, clock, "limit"], environment);
  try {
    return operations / (await side.answer<number>());
  } finally {
    side.close();
  }
}

function summary(times: readonly number[]): Times {
  const at = (share: number): number => quantile(times, share);
  return { median: at(0.5), least: at(0), quarters: [at(0.25), at(0.75)] };
}

/** Runs a benchmark that is a program of its own. */
export async function runProgram(file: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [JITI, path(file), ...args], { stdio: "inherit" });
  const [status] = await once(child, "exit");
  if (status !== 0) throw new Error(`${file} ended with ${status}`);
}

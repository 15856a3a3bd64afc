/** One benchmark: our process and PyTorch's take turns, so that other work on the machine affects both alike. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Clock } from "./clock.ts";
import { untilIdle } from "./idle.ts";
import { stepOperations } from "./limit.ts";
import type { Python } from "./python.ts";
import { Side } from "./side.ts";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const JITI = path("../node_modules/jiti/lib/jiti-cli.mjs");
const WORKER = path("worker.ts");
const PEER = path("peer/run.py");

/** Those of G and D, where there are networks whose sizes are to be compared. */
type Parameters = readonly [number, number] | null;

/** The first answer of our side. */
interface Hello {
  readonly engine: string;
  readonly kernels: string | null;
  readonly parameters: Parameters;
}

/** What to run, and how often. */
export interface Plan {
  readonly name: string;
  /** The step of `steps.ts` and `peer/run.py`; default: that of the same name. */
  readonly step?: string;
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

/** The result. Peers, limits and memory are absent where they are not known. */
export interface Comparison {
  readonly name: string;
  readonly engine: string;
  readonly ours: Times;
  readonly peer: Times | undefined;
  /** Milliseconds that the arithmetic of a step would take at the engine's highest rate. */
  readonly limit: number | undefined;
  /** The most anonymous memory of either process, in MiB. */
  readonly ourMemory: number | undefined;
  readonly peerMemory: number | undefined;
}

/**
 * Runs a plan with `threads` threads on both sides, each turn after up to `patience` milliseconds of waiting for the machine
 * to be idle.
 */
export async function compare(
  plan: Plan,
  python: Python | undefined,
  { threads, patience, clock }: { threads: number; patience: number; clock: Clock },
): Promise<Comparison> {
  const { name, step = name, turns, count, each, warmUp = 2 } = plan;
  const environment = { OMP_NUM_THREADS: String(threads) };
  const ours = new Side(process.execPath, [JITI, WORKER, step, clock], environment);
  let peer: Side | undefined;
  try {
    const { engine, kernels, parameters } = await ours.answer<Hello>();
    // Both multiply with the same kernels: by itself PyTorch may get slower ones from an OpenBLAS older than the processor.
    const blas = kernels === null ? {} : { OPENBLAS_CORETYPE: kernels };
    if (python) {
      const itsEnvironment = { ...environment, ...blas, ...python.environment };
      peer = new Side(python.command, [PEER, step, String(threads), clock], itsEnvironment);
    }
    const theirs = await peer?.answer<Parameters>();
    if (parameters && theirs && String(parameters) !== String(theirs))
      throw new Error(
        `${name}: our networks have ${parameters.join(" and ")} parameters, the peer's ${theirs.join(" and ")}`,
      );
    const sides = peer ? [ours, peer] : [ours];
    const times = new Map<Side, number[]>(sides.map((side) => [side, []]));
    for (const side of sides) await side.run(Math.max(warmUp, count), each);
    for (let turn = 0; turn < turns; turn++) {
      for (const side of turn % 2 === 0 ? sides : sides.toReversed()) {
        if (patience > 0) await untilIdle(patience);
        // The first step after the other side's turn finds cold caches and sleeping threads: it is not counted.
        await side.run(1, 1);
        times.get(side)!.push(...(await side.run(count, each)));
      }
    }
    const ourMemory = ours.peakMemory();
    const peerMemory = peer?.peakMemory();
    for (const side of sides) side.close();
    return {
      name,
      engine,
      ours: summary(times.get(ours)!),
      peer: peer && summary(times.get(peer)!),
      limit: await limitOf(name, clock, environment),
      ourMemory,
      peerMemory,
    };
  } finally {
    ours.close();
    peer?.close();
  }
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
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
  };
  return { median: at(0.5), least: sorted[0]!, quarters: [at(0.25), at(0.75)] };
}

/** Runs a benchmark that is a program of its own. */
export async function runProgram(file: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [JITI, path(file), ...args], { stdio: "inherit" });
  const [status] = await once(child, "exit");
  if (status !== 0) throw new Error(`${file} ended with ${status}`);
}

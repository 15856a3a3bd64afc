/**
 * Images a second that the quickstart's networks (recipe `mnist`, batch 64) are trained with, on one thread and on two, while the
 * machine is idle and while another process takes one core: Gantry next to PyTorch in expert style.
 *
 *     npm run bench -- busy                           a table
 *     npx jiti bench/busy.ts --turns 12 --json
 *
 * All four processes take turns, in both conditions. A number is the median over the steps of all turns, with the middle half
 * in brackets. The process that takes a core is an empty loop, and the system chooses the core.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Engine, engineLine } from "./engine.ts";
import { findPython } from "./python.ts";
import { Side } from "./side.ts";
import { quantile } from "./timing.ts";

const BATCH = 64;
/** Steps of a turn. */
const COUNT = 4;
const THREADS = [1, 2];
/** Milliseconds that the system gets to place the process that takes a core. */
const SETTLING = 300;

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const { values } = parseArgs({ options: { json: { type: "boolean" }, turns: { type: "string", default: "6" } } });

interface Runner {
  readonly who: "Gantry" | "PyTorch";
  readonly threads: number;
  readonly side: Side;
  /** Milliseconds a step. */
  readonly times: { readonly idle: number[]; readonly busy: number[] };
}

async function main(): Promise<void> {
  const { python, reasons } = findPython();
  if (python === undefined) console.error(`No Python has this libtorch, so there is no peer (${reasons.join("; ")}).`);
  const runners: Runner[] = [];
  let spinning: ChildProcess | undefined;
  try {
    let engine: Engine | undefined;
    for (const threads of THREADS) {
      const environment = { OMP_NUM_THREADS: String(threads) };
      const jiti = path("../node_modules/jiti/lib/jiti-cli.mjs");
      const ours = new Side(process.execPath, [jiti, path("worker.ts"), "quickstart", "wall"], environment);
      runners.push({ who: "Gantry", threads, side: ours, times: { idle: [], busy: [] } });
      engine = await ours.answer<Engine>();
      if (python === undefined) continue;
      const kernels = engine.kernels === null ? {} : { OPENBLAS_CORETYPE: engine.kernels };
      const args = [path("peer/run.py"), "quickstart", "expert", String(threads), "wall"];
      const peer = new Side(python.command, args, { ...environment, ...kernels, ...python.environment });
      runners.push({ who: "PyTorch", threads, side: peer, times: { idle: [], busy: [] } });
      await peer.answer();
    }
    for (const { side } of runners) await side.run(2, 1);
    for (let turn = 0; turn < Number(values.turns); turn++) {
      for (const load of ["idle", "busy"] as const) {
        if (load === "busy") {
          spinning = spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" });
          await setTimeout(SETTLING);
        }
        const first = turn % runners.length;
        for (const { side, times } of [...runners.slice(first), ...runners.slice(0, first)]) {
          await side.run(1, 1);
          times[load].push(...(await side.run(COUNT, 1)));
        }
        spinning?.kill();
        spinning = undefined;
      }
    }
    print(engine!, runners);
  } finally {
    spinning?.kill();
    for (const { side } of runners) side.close();
  }
}

function print(engine: Engine, runners: readonly Runner[]): void {
  const conditions = (["idle", "busy"] as const).flatMap((load) => THREADS.map((threads) => ({ load, threads })));
  const rate = (times: readonly number[], share: number): number => (1000 * BATCH) / quantile(times, 1 - share);
  const names = [...new Set(runners.map(({ who }) => who))];
  const cells = names.flatMap((who) =>
    conditions.map(({ load, threads }) => {
      const { times } = runners.find((runner) => runner.who === who && runner.threads === threads)!;
      const [low, median, high] = [0.25, 0.5, 0.75].map((share) => Math.round(rate(times[load], share)));
      return { who, threads, one_core_taken: load === "busy", images_a_second: median!, middle_half: [low!, high!] };
    }),
  );
  if (values.json) {
    console.log(JSON.stringify({ ...engine, cells }));
    return;
  }
  const row = (texts: readonly string[]): string =>
    texts
      .map((text, i) => text.padEnd(i === 0 ? 9 : 28))
      .join("")
      .trimEnd();
  console.log(`${engineLine(engine)}; images a second: median (middle half)\n`);
  const title = ({ load, threads }: (typeof conditions)[number]): string =>
    `${threads} ${threads === 1 ? "thread" : "threads"}${load === "busy" ? ", one core taken" : ""}`;
  console.log(row(["", ...conditions.map(title)]));
  for (const who of names) {
    const its = cells.filter((cell) => cell.who === who);
    console.log(row([who, ...its.map(({ images_a_second, middle_half: [a, b] }) => `${images_a_second} (${a}-${b})`)]));
  }
}

await main();

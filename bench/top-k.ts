/**
 * The saving of top-k training: the generator's update with k = B / 2 next to the ordinary one, in one process, in turns.
 *
 *     npm run bench -- top-k                          a table
 *     npm run bench -- top-k --torch FOLDER           another libtorch as well (as GANTRY_TORCH names it; repeats)
 *     npx jiti bench/top-k.ts --pairs 20 --json
 *     npx jiti bench/top-k.ts --threads 1 --cpu       processor time: for a machine that others use as well
 *
 * Of D: everything between the generated images and the gradient with respect to them (forward pass, ranking, loss,
 * backward pass); the ordinary step leaves D's weight gradients out as well. With b = D's input gradient over its forward pass,
 * both measured here for the whole batch, the arithmetic of D cannot fall below (1 + b / 2) / (1 + b) of the ordinary:
 * all images pass through it, half of them get gradients. The floor of the whole update is that of D and all of the rest, which
 * batch norm in G keeps whole. A ratio is the median over pairs of turns; the bar is 1.1 times the floor.
 */

import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compiled, compiledFile } from "./compiled.ts";
import { Side } from "./side.ts";
import { smallDcgan } from "./steps.ts";
import { clockOf, median } from "./timing.ts";

const JITI = fileURLToPath(new URL("../node_modules/jiti/lib/jiti-cli.mjs", import.meta.url));
const BAR = 1.1;

/** Milliseconds: of pairs of turns, ordinary and top-k, of D's share and of the whole update. */
interface Times {
  readonly engine: string;
  /** D's forward pass alone. */
  readonly forward: number;
  readonly d: readonly (readonly [number, number])[];
  readonly step: readonly (readonly [number, number])[];
}

const { values } = parseArgs({
  options: {
    cpu: { type: "boolean", default: false },
    json: { type: "boolean" },
    pairs: { type: "string", default: "12" },
    threads: { type: "string", default: String(availableParallelism()) },
    torch: { type: "string", multiple: true, default: [] },
    worker: { type: "string" },
  },
});

const now = clockOf(values.cpu);

/** One engine and size, in this process. */
async function worker(size: number, pairs: number): Promise<Times> {
  const gantry = await compiled();
  const { generatorUpdate } =
    await compiledFile<typeof import("../src/training/step/step.ts")>("training/step/step.js");
  const { frozenStatistics, grad, noGrad, scope, topK } = gantry;
  const plain = smallDcgan(gantry, size, []);
  const chosen = smallDcgan(gantry, size, [topK({ gamma: 0.5, floor: 0.5, everySteps: 1 })]);
  chosen.reach(1);
  const { discriminator, loss } = plain;
  const technique = chosen.techniques[0]!;
  const images = plain.loader.next().images;
  const timed = (work: () => unknown): number => {
    const start = now();
    scope(() => void work());
    return now() - start;
  };

  const forward = () => noGrad(() => frozenStatistics(() => discriminator.forward(images)));
  const ordinary = () => {
    const seen = images.detach().requiresGrad_();
    const { score } = frozenStatistics(() => discriminator.forward(seen));
    grad(loss.generator(score).mean(), [seen]);
  };
  const some = () => {
    const seen = images.detach().requiresGrad_();
    const { score } = frozenStatistics(() => discriminator.forward(seen));
    const { rows } = technique.select!(loss.realness(score.detach()), chosen, undefined)!;
    grad(loss.generator(score.indexSelect(0, rows)).mean(), [seen]);
  };
  const inTurns = (a: () => unknown, b: () => unknown): [number, number][] => {
    for (let i = 0; i < 2; i++) [a, b].map(timed);
    return Array.from({ length: pairs }, (_, i) => {
      if (i % 2 === 0) return [timed(a), timed(b)];
      const second = timed(b);
      return [timed(a), second];
    });
  };
  discriminator.requiresGrad_(false);
  const passes = inTurns(forward, ordinary).map(([first]) => first);
  const d = inTurns(ordinary, some);
  discriminator.requiresGrad_(true);
  const step = inTurns(
    () => generatorUpdate(plain),
    () => generatorUpdate(chosen),
  );
  return { engine: gantry.engineSummary().libtorch, forward: median(passes), d, step };
}

interface Row {
  readonly engine: string;
  readonly size: number;
  readonly b: number;
  readonly d: Ratio;
  readonly step: Ratio;
}

interface Ratio {
  readonly ordinary: number;
  readonly topK: number;
  readonly ratio: number;
  readonly floor: number;
}

function rowOf(size: number, { engine, forward, d, step }: Times): Row {
  const first = (pairs: Times["d"]): number => median(pairs.map(([ordinary]) => ordinary));
  const b = (first(d) - forward) / forward;
  const floorOfD = (1 + b / 2) / (1 + b);
  const ratio = (pairs: Times["d"], floor: number): Ratio => ({
    ordinary: first(pairs),
    topK: median(pairs.map(([, chosen]) => chosen)),
    ratio: median(pairs.map(([ordinary, chosen]) => chosen / ordinary)),
    floor,
  });
  return { engine, size, b, d: ratio(d, floorOfD), step: ratio(step, 1 - ((1 - floorOfD) * first(d)) / first(step)) };
}

function describe({ ordinary, topK, ratio, floor }: Ratio): string {
  const verdict = ratio <= BAR * floor ? "met" : "missed";
  const ms = `${ordinary.toFixed(1)} -> ${topK.toFixed(1)} ms`;
  return `${ms.padStart(20)}  ${ratio.toFixed(3)}  floor ${floor.toFixed(3)}  ${(ratio / floor).toFixed(2)} ${verdict.padEnd(6)}`;
}

async function main(): Promise<void> {
  const engines = [process.env.GANTRY_TORCH, ...values.torch];
  if (!values.json) console.log(`top-k at k = B / 2 next to the ordinary update; bar: ${BAR} times the floor\n`);
  for (const torch of engines) {
    for (const size of [32, 64]) {
      const environment = { OMP_NUM_THREADS: values.threads, ...(torch ? { GANTRY_TORCH: torch } : {}) };
      const args = [JITI, fileURLToPath(import.meta.url), "--worker", String(size), "--pairs", values.pairs];
      if (values.cpu) args.push("--cpu");
      const side = new Side(process.execPath, args, environment);
      const row = rowOf(size, await side.answer<Times>());
      side.close();
      if (values.json) console.log(JSON.stringify(row));
      else {
        const label = `${row.engine} dcgan-${size}  b ${row.b.toFixed(2)}`.padEnd(28);
        console.log(`${label} D     ${describe(row.d)}\n${"".padEnd(28)} step  ${describe(row.step)}`);
      }
    }
  }
}

if (values.worker === undefined) await main();
else console.log(JSON.stringify(await worker(Number(values.worker), Number(values.pairs))));

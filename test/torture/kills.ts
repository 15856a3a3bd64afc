/**
 * Processes that are killed at random moments. Promised: nothing is lost beyond the last checkpoint, the run ends with the same
 * bits, pictures, scores and log as one that was not killed, packs, scores and tables are the same, and no process is left.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evaluations } from "./kills/evaluation.ts";
import { packing } from "./kills/packing.ts";
import { sweeps } from "./kills/sweep.ts";
import { trainings } from "./kills/training.ts";
import { dice, type Killed, type Outcome, Tally } from "./trial.ts";

/** In turns, each with its most kills. */
const kinds: readonly (readonly [Killed, number])[] = [
  [trainings(false), 8],
  [packing, 4],
  [trainings(true), 8],
  [evaluations, 4],
  [sweeps, 4],
];

/** Makes about `count` kills. */
export async function kills(count: number, seed: number): Promise<Outcome> {
  const tally = new Tally();
  const roll = dice(seed);
  const folder = mkdtempSync(join(tmpdir(), "gantry-kills-"));
  try {
    for (let i = 0, made = 0; made < count; i++) {
      const [kind, most] = kinds[i % kinds.length]!;
      made += Math.max(1, await kind(folder, Math.min(count - made, most), roll, tally));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return tally.outcome("kills");
}

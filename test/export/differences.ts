/**
 * The largest differences that the tests of exports measured, by case and target: what docs/how-to/export/how-close.md shows.
 * `GANTRY_RECORD=1 npm test -- test/export` stores those of this machine.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const file = join(import.meta.dirname, "differences.json");

/** Differences by case, then by target. */
export type Differences = Record<string, Record<string, number>>;

export const storedDifferences = (): Differences => JSON.parse(readFileSync(file, "utf8")) as Differences;

/** Stores differences of a target, where that is wanted. */
export function recordDifferences(target: string, measured: Readonly<Record<string, number>>): void {
  if (process.env.GANTRY_RECORD === undefined) return;
  const all = storedDifferences();
  for (const [name, value] of Object.entries(measured)) {
    all[name] = { ...all[name], [target]: Number(value.toPrecision(2)) };
  }
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`);
}

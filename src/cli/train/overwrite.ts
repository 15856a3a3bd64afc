/** `gantry train --overwrite`: which folder is a run, and what of it is removed, said before it happens. */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { counted } from "../../base/counted.ts";
import { UserError } from "../../base/errors.ts";
import { visible } from "../../base/visible.ts";
import { overwrittenNames, RunDirectory } from "../../training/index.ts";
import { isOccupied, occupied } from "../occupied.ts";
import { programName, quoted } from "../program.ts";

/** Refuses to overwrite, except a run where that is wanted. The trainer checks again when it creates the directory. */
export function refuseExisting(directory: string, overwrite: boolean): void {
  if (!isOccupied(directory)) return;
  const run = new RunDirectory(directory);
  const isRun = run.holdsRun();
  // A process was killed as it made the folder.
  if (run.isUnbegun()) return;
  if (overwrite && isRun) return;
  if (overwrite) {
    throw new UserError(
      `--overwrite: ${directory} is no run (it has no recipe.json of one), and only a run is overwritten; give another --out`,
    );
  }
  if (!isRun) throw occupied(directory);
  const resume = `${programName()} resume ${quoted(directory)}`;
  throw occupied(directory, `continue it with ${resume}, replace it with --overwrite, or give another --out`);
}

/**
 * What replacing the run in this folder removes and what it keeps, in one line; undefined where there is nothing to
 * remove.
 */
export function overwriteNote(directory: string): string | undefined {
  const run = new RunDirectory(directory);
  if (!run.holdsRun()) return undefined;
  const own = run.ownNames();
  const passing = ["running.json", ...overwrittenNames];
  const others = readdirSync(directory).filter((name) => !own.includes(name) && !passing.includes(name));
  const removed = own.map((name) => `${visible(name)}${contents(join(directory, name))}`);
  const kept = others.length === 0 ? "" : `; kept: ${others.map(visible).join(", ")}`;
  return `${directory} is overwritten; removed once the new run begins: ${removed.join(", ")}${kept}`;
}

function contents(path: string): string {
  if (!lstatSync(path).isDirectory()) return "";
  const count = readdirSync(path).length;
  return ` (${counted(count, "entry", "entries")})`;
}

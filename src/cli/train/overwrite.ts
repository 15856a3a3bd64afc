/** `gantry train --overwrite`: what of a run's folder is removed, said before it happens. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { visible } from "../../base/visible.ts";
import { RunDirectory } from "../../training/index.ts";

/**
 * What replacing the run in this folder removes and what it keeps, in one line; undefined where there is nothing to
 * remove.
 */
export function overwriteNote(directory: string): string | undefined {
  if (!existsSync(join(directory, "recipe.json"))) return undefined;
  const own = new RunDirectory(directory).ownNames();
  const others = readdirSync(directory).filter(
    (name) => !own.includes(name) && name !== "running.json" && name !== ".overwritten",
  );
  const removed = own.map((name) => `${visible(name)}${contents(join(directory, name))}`);
  const kept = others.length === 0 ? "" : `; kept: ${others.map(visible).join(", ")}`;
  return `${directory} is overwritten; removed once the new run begins: ${removed.join(", ")}${kept}`;
}

function contents(path: string): string {
  if (!statSync(path).isDirectory()) return "";
  const count = readdirSync(path).length;
  return ` (${count} ${count === 1 ? "entry" : "entries"})`;
}

/** How the user calls Gantry, for lines that say what to type next. */
import { existsSync, realpathSync } from "node:fs";
import { basename, delimiter, dirname, isAbsolute, join, relative } from "node:path";

/**
 * `gantry` when that is on the PATH, `npx gantry` from a project's node_modules, else `node` with the path of the file.
 *
 * @param script - the file that node runs
 */
export function programName(
  script: string = process.argv[1] ?? "gantry",
  path: string = process.env.PATH ?? "",
): string {
  const real = existsSync(script) ? realpathSync(script) : script;
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder || ".", "gantry");
    // npx and npm scripts put the project's own bin folder on the PATH, but only for their child.
    if (basename(dirname(candidate)) === ".bin") continue;
    if (existsSync(candidate) && realpathSync(candidate) === real) return "gantry";
  }
  if (/[\\/]node_modules[\\/]/.test(script)) return "npx gantry";
  const near = relative(process.cwd(), script);
  return `node ${quoted(near.startsWith("..") ? script : near)}`;
}

/** A path as the user would write it: relative if it lies inside the working directory. */
export function near(path: string): string {
  const inside = relative(process.cwd(), path) || ".";
  return inside.startsWith("..") || isAbsolute(inside) ? path : inside;
}

/** An argument as a POSIX shell takes it. */
export function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

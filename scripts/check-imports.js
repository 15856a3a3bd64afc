/**
 * Checks which way the folders of `src/` import; a part of `npm run lint`. (Circles between files are found by Biome.)
 *
 * - A folder imports only from folders before it in the list below.
 * - A file enters another folder through its index.ts, where it has one.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The folders of `src/`: data walks down this list once per step. */
export const folders =
  "base tensor formats figures nn optim data models losses techniques metrics recipe training experiments cli".split(
    " ",
  );

/**
 * Imports that go past an index.ts, with the reason. Each key is the importing file or folder, each value the files.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const exceptions = {};

const statement = /^(?:import|export)\b[^;"]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;

/**
 * What is wrong with the imports of the TypeScript files below a folder, one sentence each.
 * @param {string} source the folder `src`
 * @returns {string[]}
 */
export function findFaults(source) {
  const files = /** @type {string[]} */ (readdirSync(source, { recursive: true })).filter((file) =>
    file.endsWith(".ts"),
  );
  return files.sort().flatMap((file) => {
    const text = readFileSync(join(source, file), "utf8");
    return [...text.matchAll(statement)].flatMap((match) => {
      const specifier = match[1] ?? match[2] ?? match[3] ?? "";
      if (!specifier.startsWith(".")) return [];
      const target = relative(source, join(source, dirname(file), specifier))
        .split(sep)
        .join("/");
      const fault = faultOf(source, file.split(sep).join("/"), target);
      const line = text.slice(0, match.index).split("\n").length;
      return fault === undefined ? [] : [`src/${file}:${line}: ${fault}`];
    });
  });
}

/**
 * @param {string} source
 * @param {string} file
 * @param {string} target
 */
function faultOf(source, file, target) {
  const [from = "", to = ""] = [file, target].map((path) => path.split("/")[0]);
  // Files at the top of src/ put the entry points together; outside of it lies the set-up, which knows nothing of src/.
  if (from === to || from === file || target.startsWith("..")) return undefined;
  const [here, there] = [folders.indexOf(from), folders.indexOf(to)];
  if (here < 0) return `the folder ${from} has no place in the list of scripts/check-imports.js`;
  if (there < 0) return `imports ${target}, which lies above every folder`;
  if (there > here)
    return `imports ${target}: ${from} stands before ${to}, and folders import only from those before them`;
  if (target === `${to}/index.ts` || !existsSync(join(source, to, "index.ts"))) return undefined;
  if ([file, from].some((key) => exceptions[key]?.includes(target))) return undefined;
  return `imports ${target}: enter the folder ${to} through its index.ts`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const faults = findFaults(fileURLToPath(new URL("../src", import.meta.url)));
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}

/**
 * Checks which way the folders of `src/` import. `npm run lint` runs it; circles between files are found by Biome.
 *
 * 1. A folder imports only from the folders before it in the list below.
 * 2. A file enters another folder through its index.ts, where it has one. (`entry` also exports whole registries.)
 *
 * Another folder than `src/` can be given. Prints one line for each wrong import.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, posix } from "node:path";
import { fileURLToPath } from "node:url";

/** The folders of `src/`, from the ground up. */
const layers =
  "base tensor formats figures nn optim data models losses techniques metrics recipe training diagnosis export experiments studio entry cli";
const folders = layers.split(" ");

const statement = /^(?:import|export)\b[^;"]*?from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;

const source = process.argv[2] ?? fileURLToPath(new URL("../src", import.meta.url));

/**
 * The error of an import, or undefined.
 * @param {string} file the importing file, relative to `src/`
 * @param {string} target the imported file, likewise
 */
function faultOf(file, target) {
  const [from = "", to = ""] = [file, target].map((path) => path.split("/")[0]);
  // Outside of src/ is only the set-up, which imports nothing of it.
  if (from === to || target.startsWith("../")) return undefined;
  const [here, there] = [folders.indexOf(from), folders.indexOf(to)];
  if (here < 0 || there < 0)
    return `${here < 0 ? from : to} has no place in the list of folders of scripts/check-imports.js`;
  if (there > here) return `imports ${target}, but ${from} may import only from folders before it: ${layers}`;
  // Public names of parts come straight from the registries that list the parts.
  if (from === "entry" && /\/(registry|index)\.ts$/.test(target)) return undefined;
  if (target === `${to}/index.ts` || !existsSync(`${source}/${to}/index.ts`)) return undefined;
  return `imports ${target} past ${to}/index.ts`;
}

for (const name of readdirSync(source, { recursive: true, encoding: "utf8" }).sort()) {
  const file = name.replaceAll("\\", "/");
  if (!file.endsWith(".ts")) continue;
  const text = readFileSync(`${source}/${file}`, "utf8");
  for (const match of text.matchAll(statement)) {
    const specifier = match[1] ?? match[2] ?? match[3] ?? "";
    const fault = specifier.startsWith(".") && faultOf(file, posix.join(dirname(file), specifier));
    if (!fault) continue;
    process.stderr.write(`src/${file}:${text.slice(0, match.index).split("\n").length}: ${fault}\n`);
    process.exitCode = 1;
  }
}

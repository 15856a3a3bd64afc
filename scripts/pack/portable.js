/**
 * Checks that a compiled binding runs on other machines than the one that compiled it: what it asks of the system's libraries, and
 * which instructions it has. Reads what objdump (of binutils, which comes with every GCC) says.
 */
import { spawnSync } from "node:child_process";
import { SetupError } from "../setup/say.js";

/** The newest symbols of Debian 12's glibc and libstdc++, by the first word of their names. */
const newest = { GLIBC: "2.36", GLIBCXX: "3.4.30", CXXABI: "1.3.13", GCC: "12.0" };

/**
 * @param {readonly string[]} args
 */
function objdump(args) {
  const run = spawnSync("objdump", args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (run.status !== 0) throw new SetupError(`objdump ${args.join(" ")} failed: ${run.error?.message ?? run.stderr}`);
  return run.stdout;
}

/**
 * The libraries of libtorch that a binding names.
 * @param {string} file
 */
export function libtorchNeeded(file) {
  const needed = [...objdump(["-p", file]).matchAll(/^\s*NEEDED\s+(\S+)$/gm)].map(([, name = ""]) => name);
  return needed.filter((name) => /^lib(torch|c10)/.test(name));
}

/**
 * Throws SetupError when a binding asks for a symbol that is newer than Debian 12.
 * @param {string} file
 */
export function refuseNewerSymbols(file) {
  const name = newerSymbol(objdump(["-p", file]));
  if (name) throw new SetupError(`${file} asks for ${name}, which is newer than Debian 12; compile it there.`);
}

/**
 * The first version that a binding needs and Debian 12 has not, or undefined.
 * @param {string} headers what `objdump -p` printed
 */
export function newerSymbol(headers) {
  const found = [...headers.matchAll(/\b([A-Z]+)_([\d.]+)$/gm)].find(([, kind = "", version = ""]) => {
    const limit = /** @type {Record<string, string>} */ (newest)[kind];
    return limit !== undefined && version.localeCompare(limit, "en", { numeric: true }) > 0;
  });
  return found?.[0];
}

/**
 * Throws SetupError when a function of a binding has AVX instructions but is not among those that are chosen by the processor:
 * their names say avx2 or avx512. A processor without them would end the program there.
 * @param {string} file
 */
export function refuseUnguardedVectors(file) {
  let name = "";
  for (const line of objdump(["-d", "--no-show-raw-insn", file]).split("\n")) {
    name = /^[0-9a-f]+ <(.*)>:$/.exec(line)?.[1] ?? name;
    if (/\tv[a-z]|%[yz]mm/.test(line) && !/avx(2|512)/.test(name))
      throw new SetupError(`${file}: ${name} has instructions that not every x86-64 processor has (${line.trim()}).`);
  }
}

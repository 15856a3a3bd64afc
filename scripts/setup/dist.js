/**
 * Keeps `dist/` in step with `src/`: compiled, and the pages built, when the sources differ from those it was made of, into
 * another folder that is then renamed, so that an interrupted or failed build leaves the old one whole.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError, say } from "./say.js";

/** The packages whose versions change what is built. */
const builders = ["typescript", "vite", "preact", "uplot", "onnxruntime-web"];

/** The pages that vite builds, in src/ and in dist/: next to the code that serves or copies each. */
const pages = ["studio/page", "export/web/page"];

/** Written into dist/ last: digests of the sources and of the output. */
const stampName = ".built-from.json";

/**
 * Compiles the TypeScript sources if dist/ is not what they give.
 * @param {string} root of the clone
 */
export function ensureDist(root) {
  if (distIsCurrent(root)) return;
  const dist = join(root, "dist");
  const sources = sourceDigest(root);
  say("compiling the TypeScript sources (a few seconds)");
  for (const name of readdirSync(root))
    if (name.startsWith(".dist-")) rmSync(join(root, name), { recursive: true, force: true });
  // Next to dist/, because source maps hold relative paths.
  const work = join(root, `.dist-${process.pid}`);
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const run = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json", "--outDir", work], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (run.status !== 0) {
    rmSync(work, { recursive: true, force: true });
    throw new SetupError(`the TypeScript sources do not compile:\n${run.stdout}${run.stderr}`.trimEnd());
  }
  for (const page of pages) buildPage(root, work, page);
  const old = join(root, `.dist-${process.pid}-old`);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(work, dist);
  rmSync(old, { recursive: true, force: true });
  writeFileSync(join(dist, stampName), JSON.stringify({ sources, outputs: outputDigest(dist) }));
}

/**
 * Builds a page.
 * @param {string} root of the clone
 * @param {string} work the new dist/
 * @param {string} name of the page's folder
 */
function buildPage(root, work, name) {
  const page = join(root, "src", name);
  if (!existsSync(page)) return;
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const args = [vite, "build", page, "--outDir", join(work, name), "--logLevel", "warn"];
  const run = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 });
  if (run.status === 0) return;
  rmSync(work, { recursive: true, force: true });
  throw new SetupError(`the page ${name} cannot be built:\n${run.stdout}${run.stderr}`.trimEnd());
}

/**
 * Whether dist/ is what the sources give.
 * @param {string} root of the clone
 */
export function distIsCurrent(root) {
  const dist = join(root, "dist");
  const stamp = join(dist, stampName);
  if (!existsSync(stamp)) return false;
  const made = JSON.parse(readFileSync(stamp, "utf8"));
  // The user may have run the compiler by hand since, on other sources.
  return made.sources === sourceDigest(root) && made.outputs === outputDigest(dist);
}

/**
 * Contents, not times: a checkout touches files without changing them.
 * @param {string} root
 */
function sourceDigest(root) {
  const files = [
    "tsconfig.json",
    "tsconfig.build.json",
    ...builders.map((name) => `node_modules/${name}/package.json`),
  ];
  const hash = createHash("sha256");
  for (const file of [...files, ...filesBelow(root, "src")])
    hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/** @param {string} dist */
function outputDigest(dist) {
  const hash = createHash("sha256");
  for (const file of filesBelow(dist, ".")) {
    if (file.endsWith(stampName)) continue;
    const { size, mtimeMs } = statSync(join(dist, file));
    hash.update(`${file}\0${size} ${mtimeMs}\0`);
  }
  return hash.digest("hex");
}

/**
 * @param {string} root
 * @param {string} folder
 * @returns {string[]} paths relative to root, sorted
 */
function filesBelow(root, folder) {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(root, join(folder, entry.name)) : join(folder, entry.name)))
    .sort();
}

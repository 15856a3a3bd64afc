/**
 * Builds the site: the API reference by TypeDoc, the pages by `pages.js`, and the whole by Rspress. `npm run docs` runs it.
 *
 *     node site/build.js FOLDER [--no-api]
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { apiSidebars, navigation, sitePages } from "./pages.js";
import { relocate } from "./relocate.js";
import { quickenSearch } from "./search.js";

const here = import.meta.dirname;
const root = dirname(here);
const laidOut = join(here, ".pages");

/**
 * Runs a program of site/node_modules; what it says is shown where it fails or warns.
 * @param {string} path
 * @param {readonly string[]} args
 * @param {Record<string, string>} [env]
 */
function run(path, args, env = {}) {
  const script = join(here, "node_modules", path);
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: here,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    env: { ...process.env, NO_COLOR: "1", CI: "1", ...env },
  });
  const said = `${stdout}${stderr}`;
  if (status !== 0 || /^\s*(\[?warn(ing)?\b|⚠)/im.test(said)) throw new Error(`${path} ended with ${status}:\n${said}`);
}

/** @param {string} file @param {string} text */
function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const out = resolve(process.argv[2] ?? join(here, "out"));
rmSync(laidOut, { recursive: true, force: true });
const docs = join(laidOut, "docs");
const hasApi = !process.argv.includes("--no-api");
if (hasApi) run("typedoc/bin/typedoc", ["--options", join(here, "typedoc.json"), "--out", join(docs, "reference/api")]);
const { pages, pictures } = sitePages(root);
for (const [page, text] of pages) write(join(docs, page), text);
for (const [page, file] of pictures) {
  mkdirSync(dirname(join(docs, page)), { recursive: true });
  cpSync(join(root, file), join(docs, page));
}
cpSync(join(here, "icon.svg"), join(docs, "public/icon.svg"));
const { nav, sidebar } = navigation(pages);
const { top, ofEntry } = hasApi ? apiSidebars(docs) : { top: undefined, ofEntry: {} };
if (top !== undefined) sidebar["/reference/"]?.[0]?.items?.push(top);
write(join(laidOut, "navigation.json"), JSON.stringify({ nav, sidebar: { ...sidebar, ...ofEntry } }, undefined, 2));
run("@rspress/core/bin/rspress.js", ["build", "--config", join(here, "rspress.config.js")], { GANTRY_SITE_OUT: out });
quickenSearch(out);
relocate(out);
process.stdout.write(`${out}\n`);

/**
 * Makes the search of the built site quick. It reads all texts when a reader first searches, in the reader's browser: of the API's
 * pages only what comes first is kept, and sources, the changelog and notes on speed are left out. Rspress waits for the browser after each of the texts, which
 * takes many times as long as reading them; here they are read at once.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Letters that are kept of a page of the API. */
const OF_API = 300;

/**
 * A page as Rspress keeps it for its search.
 * @typedef {{ routePath: string, content: string, toc: { charIndex: number }[] }} Entry
 */

/**
 * @param {readonly Entry[]} entries
 * @returns {Entry[]}
 */
export function smallIndex(entries) {
  return entries
    .filter(({ routePath }) => !/^\/(files\/|project\/(bench-notes|changelog))/.test(routePath))
    .map((entry) => {
      if (!entry.routePath.startsWith("/reference/api/")) return entry;
      return {
        ...entry,
        content: entry.content.slice(0, OF_API),
        toc: entry.toc.filter(({ charIndex }) => charIndex < OF_API),
      };
    });
}

/**
 * @param {string} folder of the built site
 * @throws Error when it has no index, as a new version of Rspress could make it.
 */
export function quickenSearch(folder) {
  const statics = join(folder, "static");
  const names = readdirSync(statics).filter((name) => name.startsWith("search_index"));
  if (names.length === 0) throw new Error(`${statics} has no search_index; see site/search.js`);
  for (const name of names) {
    const file = join(statics, name);
    writeFileSync(file, JSON.stringify(smallIndex(JSON.parse(readFileSync(file, "utf8")))));
  }
  const scripts = readdirSync(join(statics, "js"))
    .filter((name) => name.endsWith(".js"))
    .map((name) => join(statics, "js", name));
  const waiting = scripts.filter((file) => readFileSync(file, "utf8").includes(".addAsync("));
  if (waiting.length === 0) throw new Error("the site's program does not add texts by addAsync; see site/search.js");
  for (const file of waiting) writeFileSync(file, readFileSync(file, "utf8").replaceAll(".addAsync(", ".add("));
}

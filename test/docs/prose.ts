/** What every page keeps to: one title, lines that fit a screen, pictures with a text, links that lead somewhere. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { visit } from "unist-util-visit";
import { at, type Page, parsePage, root } from "./pages.ts";

/** The longest line of prose. */
const WIDTH = 120;

/** One title, and it opens the page. */
export function titleFaults(page: Page): string[] {
  const titles = page.headings.filter(({ depth }) => depth === 1);
  if (titles.length !== 1) return [`${page.path}: has ${titles.length} headings of the first level; a page has one`];
  return titles[0]!.line === 1 ? [] : [`${at(page, titles[0]!.line)}: the title is not the first line`];
}

/** Lines of prose that are too long. Tables, code and the addresses of links may be. */
export function widthFaults(page: Page): string[] {
  const free = new Set<number>();
  visit(page.tree, ["table", "code", "html", "definition"], (node) => {
    for (let line = node.position!.start.line; line <= node.position!.end.line; line++) free.add(line);
  });
  return page.lines.flatMap((text, i) => {
    const width = text.replace(/\]\([^)]*\)/g, "]").length;
    return free.has(i + 1) || width <= WIDTH ? [] : [`${at(page, i + 1)}: ${width} letters wide, of ${WIDTH}`];
  });
}

/** Code without fences has no language, and no test reads it. */
export const fenceFaults = (page: Page): string[] => [
  ...page.indented.map((line) => `${at(page, line)}: an indented code block; use a fence with its language`),
  ...page.blocks
    .filter(({ lang }) => lang === "")
    .map(({ line }) => `${at(page, line - 1)}: a fence without a language (text, sh, ts ...)`),
];

const isOutside = (url: string) => /^[a-z][a-z0-9+.-]*:/i.test(url);

/** The pages that links name, as they are read. */
const targets = new Map<string, Page>();

function pageAt(path: string): Page {
  const known = targets.get(path) ?? parsePage(path, readFileSync(join(root, path), "utf8"));
  targets.set(path, known);
  return known;
}

/** Links and pictures whose file or heading does not exist. */
export function linkFaults(page: Page): string[] {
  return [...page.links, ...page.pictures].flatMap(({ url, line }) => {
    if (isOutside(url)) return [];
    if (url.startsWith("/")) return [`${at(page, line)}: ${url} begins at the root; write it relative to the page`];
    const [path = "", anchor] = url.split("#").map(decodeURIComponent);
    const target = path === "" ? page.path : posix.normalize(posix.join(posix.dirname(page.path), path));
    if (target.startsWith("..") || !existsSync(join(root, target))) return [`${at(page, line)}: ${url}: no such file`];
    if (anchor === undefined || !target.endsWith(".md")) return [];
    const anchors = target === page.path ? page.anchors : pageAt(target).anchors;
    return anchors.has(anchor) ? [] : [`${at(page, line)}: ${url}: ${target} has no heading #${anchor}`];
  });
}

/** Pictures without alternative text, or too large for a page. */
export function pictureFaults(page: Page): string[] {
  return page.pictures.flatMap(({ url, alt, line }) => {
    const faults =
      alt.trim().length < 8 ? [`${at(page, line)}: ${url} has no alternative text that says what it shows`] : [];
    const file = join(root, posix.dirname(page.path), url);
    const size = isOutside(url) ? 0 : (statSync(file, { throwIfNoEntry: false })?.size ?? 0);
    return size > 600_000 ? [...faults, `${at(page, line)}: ${url} has ${Math.round(size / 1000)} kB, of 600`] : faults;
  });
}

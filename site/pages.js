/**
 * The pages of the site, made of the Markdown files of the project: which file becomes which page, and where a link of one leads.
 *
 * `docs/x/README.md` becomes the first page of its folder. The project's own pages and the sources that pages link to stand
 * in `project/` and `files/`. The text of a page stays as it is; only the addresses of links change.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, posix } from "node:path";
import { toString as textOf } from "mdast-util-to-string";
import { remark } from "remark";
import remarkGfm from "remark-gfm";
import { visit } from "unist-util-visit";
import { project, sections } from "./navigation.js";

const parser = remark().use(remarkGfm);

/** The languages of sources, by the ends of their names. */
const languages = new Map(
  Object.entries({
    ...{
      md: "markdown",
      ts: "ts",
      js: "js",
      json: "json",
      jsonl: "text",
      ipynb: "json",
      py: "python",
      sh: "sh",
      cc: "cpp",
      h: "cpp",
    },
    ...{ yml: "yaml", css: "css", html: "html", txt: "text", csv: "text", cff: "yaml" },
  }),
);

/** Sources above this size are shown up to here. */
const MOST_LETTERS = 60_000;

/** The folders of results, with records and what was made of them. */
const RECORDS = /^docs\/results\/[^/]+\//;

const isOutside = (/** @type {string} */ url) => /^[a-z][a-z0-9+.-]*:|^#/i.test(url);

/**
 * The paths of all Markdown files that are pages, relative to the project.
 * @param {string} root of the project
 */
export function markdownFiles(root) {
  const inDocs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .map((name) => `docs/${name.replaceAll("\\", "/")}`)
    .filter((name) => name.endsWith(".md") && !RECORDS.test(name));
  return [...project, ...inDocs.sort()];
}

/**
 * The page that a file of the project becomes: `how-to/data/index.md`.
 * @param {string} file relative to the project
 */
export function pageOf(file) {
  if (file === "docs/README.md") return "index.md";
  const isRecord = RECORDS.test(file);
  if (file.startsWith("docs/") && file.endsWith(".md") && !isRecord)
    return file.slice("docs/".length).replace(/(^|\/)README\.md$/, "$1index.md");
  if (file.endsWith(".md") && !isRecord) return `project/${file.toLowerCase().replaceAll("/", "-")}`;
  return `files/${file.replace(/\/$/, "").replaceAll(".", "-")}.md`;
}

/**
 * The text of a page with the addresses of its links changed.
 * @param {string} file relative to the project
 * @param {string} text
 * @param {(target: string) => string | undefined} pageFor the page that a linked file is, or undefined to leave the link as it is
 */
export function withLinks(file, text, pageFor) {
  /** @type {{ start: number, end: number, text: string }[]} */
  const changes = [];
  const here = posix.dirname(pageOf(file));
  visit(parser.parse(text), ["link", "definition", "image"], (node) => {
    const { url } = /** @type {{ url: string }} */ (/** @type {unknown} */ (node));
    if (isOutside(url)) return;
    const [path = "", anchor] = url.split("#");
    const target = posix.normalize(posix.join(posix.dirname(file), decodeURIComponent(path)));
    const page = pageFor(target);
    if (page === undefined || node.position === undefined) return;
    const [start, end] = [node.position.start.offset ?? 0, node.position.end.offset ?? 0];
    const at = text.lastIndexOf(url, end);
    if (at < start)
      throw new Error(`${file}:${node.position.start.line}: the address ${url} is not written as it reads`);
    const near = posix.relative(here, page);
    const changed = `${near.startsWith(".") ? near : `./${near}`}${anchor === undefined ? "" : `#${anchor}`}`;
    changes.push({ start: at, end: at + url.length, text: changed });
  });
  let changed = text;
  for (const change of changes.sort((a, b) => b.start - a.start))
    changed = `${changed.slice(0, change.start)}${change.text}${changed.slice(change.end)}`;
  return changed;
}

/**
 * A file that is no page as one: its text, or the list of a folder.
 * @param {string} root
 * @param {string} file relative to the project
 */
function sourcePage(root, file) {
  const path = join(root, file);
  const title = `# ${file.replace(/\/$/, "")}\n\n`;
  if (statSync(path).isDirectory()) {
    const names = readdirSync(path, { withFileTypes: true }).map(
      (entry) => `${entry.name}${entry.isDirectory() ? "/" : ""}`,
    );
    return `${title}A folder of the project:\n\n${names.map((name) => `- \`${name}\``).join("\n")}\n`;
  }
  const text = readFileSync(path, "utf8");
  const language = languages.get(extname(file).slice(1)) ?? "text";
  const shown = text.slice(0, MOST_LETTERS);
  const rest =
    shown.length < text.length
      ? `The first ${MOST_LETTERS} of ${text.length} letters:\n\n`
      : "A file of the project:\n\n";
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${title}${rest}${fence}${language}\n${shown.trimEnd()}\n${fence}\n`;
}

/**
 * Every page of the site by its path, and the pictures that they show.
 * @param {string} root of the project
 */
export function sitePages(root) {
  const files = markdownFiles(root);
  const known = new Set(files);
  /** @type {Map<string, string>} */
  const pages = new Map();
  /** @type {Map<string, string>} page path of a picture, and its file */
  const pictures = new Map();
  /** @type {Set<string>} */
  const sources = new Set();
  const pageFor = (/** @type {string} */ target) => {
    if (known.has(target)) return pageOf(target);
    if (known.has(`${target.replace(/\/$/, "")}/README.md`)) return pageOf(`${target.replace(/\/$/, "")}/README.md`);
    if (/\.(png|webp|svg|gif|jpe?g)$/.test(target)) {
      const page = target.startsWith("docs/") ? target.slice("docs/".length) : `project/${target}`;
      pictures.set(page, target);
      return page;
    }
    if (!existsSync(join(root, target))) return undefined;
    sources.add(target);
    return pageOf(target);
  };
  for (const file of files) pages.set(pageOf(file), withLinks(file, readFileSync(join(root, file), "utf8"), pageFor));
  for (const file of sources) pages.set(pageOf(file), sourcePage(root, file));
  return { pages, pictures };
}

/**
 * The title of a page: its first heading.
 * @param {string} text
 */
export function titleOf(text) {
  const heading = parser.parse(text).children.find((node) => node.type === "heading");
  return heading === undefined ? "" : textOf(heading);
}

/**
 * The bar at the top and the lists at the side.
 * @param {ReadonlyMap<string, string>} pages
 */
export function navigation(pages) {
  const link = (/** @type {string} */ page) => `/${page.replace(/(^|\/)index\.md$/, "$1").replace(/\.md$/, "")}`;
  const item = (/** @type {string} */ page) => ({ text: titleOf(pages.get(page) ?? ""), link: link(page) });
  const byTitle = (/** @type {{ text: string }} */ a, /** @type {{ text: string }} */ b) =>
    a.text.localeCompare(b.text, "en");

  /** @param {string} folder @param {readonly string[]} first @returns {import("./navigation.js").Item[]} */
  const listed = (folder, first) => {
    const inside = [...pages.keys()].filter((page) => page.startsWith(`${folder}/`));
    const names = [
      ...new Set(
        inside.map(
          (page) =>
            page
              .slice(folder.length + 1)
              .split("/")[0]
              ?.replace(/\.md$/, "") ?? "",
        ),
      ),
    ];
    const rank = (/** @type {string} */ name) =>
      name === "index" ? -1 : first.includes(name) ? first.indexOf(name) : first.length;
    const entries = names.map((name) => {
      const page = `${folder}/${name}.md`;
      if (pages.has(page)) return { name, ...item(page) };
      const items = listed(`${folder}/${name}`, []);
      const index = `${folder}/${name}/index.md`;
      if (!pages.has(index)) return { name, text: name, items, collapsible: true, collapsed: true };
      return { name, ...item(index), items: items.slice(1), collapsible: true, collapsed: true };
    });
    return entries.sort((a, b) => rank(a.name) - rank(b.name) || byTitle(a, b)).map(({ name: _, ...entry }) => entry);
  };

  const shown = sections.map((section) => ({ ...section, items: listed(section.folder, section.first) }));
  const filled = shown.filter(({ items }) => items.length > 0);
  const about = [...pages.keys()].filter(
    (page) => page.startsWith("project/") || (!page.includes("/") && page !== "index.md"),
  );
  const all = [...filled, { title: "Project", folder: "project", items: about.map(item) }];
  const firsts = all.map(({ title, items }) => ({ text: title, link: firstLink(items) }));
  /** @type {import("./navigation.js").Item[]} */
  const bar = [];
  for (const [i, first] of firsts.entries()) {
    const { group } = filled[i] ?? {};
    const last = bar.at(-1);
    if (group === undefined) bar.push(first);
    else if (last?.text === group) last.items?.push(first);
    else bar.push({ text: group, items: [first] });
  }
  return {
    nav: bar,
    sidebar: Object.fromEntries([
      ...all.map(({ title, folder, items }) => [`/${folder}/`, [{ text: title, items }]]),
      ["/", firsts],
    ]),
    shown: all.flatMap(({ items }) => links(items)),
  };
}

/**
 * The API reference: TypeDoc's pages, a list of the entry points for the side of the reference, and for each entry point a list of
 * its own, because one of all names would be longer than any page.
 * @param {string} docs the folder with all pages
 */
export function apiSidebars(docs) {
  const api = join(docs, "reference/api");
  const entries = readdirSync(api, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith("index.md") && name !== "index.md" && !name.includes("namespaces"))
    .map((name) => name.slice(0, -"/index.md".length))
    .sort();
  const titled = entries.map((entry) => ({ entry, text: titleOf(readFileSync(join(api, entry, "index.md"), "utf8")) }));
  const kinds = ["functions", "variables", "classes", "interfaces", "type-aliases", "namespaces"];
  /** @param {string} entry @param {string} kind */
  const names = (entry, kind) =>
    readdirSync(join(api, entry, kind), { encoding: "utf8" }).map((file) => {
      const name = file.replace(/\.md$/, "");
      return { text: name, link: `/reference/api/${entry}/${kind}/${name}${kind === "namespaces" ? "/" : ""}` };
    });
  const top = {
    text: "API",
    link: "/reference/api/",
    items: titled.map(({ entry, text }) => ({ text, link: `/reference/api/${entry}/` })),
    collapsible: true,
    collapsed: false,
  };
  const ofEntry = titled.map(({ entry, text }) => {
    const groups = kinds
      .filter((kind) => existsSync(join(api, entry, kind)))
      .map((kind) => ({
        text: kind === "variables" ? "Parts" : `${kind[0]?.toUpperCase()}${kind.slice(1).replace("-", " ")}`,
        items: names(entry, kind),
        collapsible: true,
        collapsed: kind === "interfaces" || kind === "type-aliases",
      }));
    return [
      `/reference/api/${entry}/`,
      [
        { text: "API", link: "/reference/api/" },
        { text, items: groups },
      ],
    ];
  });
  return { top, ofEntry: Object.fromEntries(ofEntry) };
}

/** @param {readonly import("./navigation.js").Item[]} items @returns {string} */
const firstLink = ([first]) => first?.link ?? firstLink(first?.items ?? []);

/** @param {readonly import("./navigation.js").Item[]} items @returns {string[]} */
const links = (items) => items.flatMap((item) => [...(item.link ? [item.link] : []), ...links(item.items ?? [])]);

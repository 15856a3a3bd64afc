/** The site has every page once in its lists, and its pages lead only to what it has. The site itself is built by `npm run docs`. */
import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { sections } from "../../site/navigation.js";
import { markdownFiles, navigation, pageOf, sitePages, withLinks } from "../../site/pages.js";
import { relocatedPage } from "../../site/relocate.js";
import { smallIndex } from "../../site/search.js";
import { parsePage, root } from "./pages.ts";

const { pages, pictures } = sitePages(root);

describe("the site", () => {
  it("lists every page once", () => {
    const { shown } = navigation(pages);
    const wanted = markdownFiles(root)
      .map(pageOf)
      .filter((page) => page !== "index.md")
      .map((page) => `/${page.replace(/(^|\/)index\.md$/, "$1").replace(/\.md$/, "")}`);
    expect([...shown].sort()).toEqual(wanted.sort());
  });

  it("names only pages that exist in the order of its lists", () => {
    const named = sections.flatMap(({ folder, first }) => first.map((name) => `${folder}/${name}`));
    expect(named.filter((name) => !pages.has(`${name}.md`) && !pages.has(`${name}/index.md`))).toEqual([]);
  });

  it("leads only to pages and pictures that it has", () => {
    const missing = [...pages].flatMap(([page, text]) => {
      const { links, pictures: shown } = parsePage(page, text);
      return [...links, ...shown]
        .filter(({ url }) => !/^[a-z]+:|^#/.test(url))
        .map(({ url }) => posix.normalize(posix.join(posix.dirname(page), url.split("#")[0]!)))
        .filter((target) => !pages.has(target) && !pictures.has(target) && !target.startsWith("reference/api/"))
        .map((target) => `${page}: ${target}`);
    });
    expect(missing).toEqual([]);
  });
});

describe("a page of the site", () => {
  it("keeps its text; links lead to the pages that files became", () => {
    const text =
      "See [a](../how-to/data/README.md#x), [b](../../examples/own-loop.ts) and [c](https://x.org/a.md).\n\n[d]: ../a.md\n";
    const changed = withLinks("docs/reference/cli.md", text, (target) => pageOf(target));
    expect(changed).toBe(
      "See [a](../how-to/data/index.md#x), [b](../files/examples/own-loop-ts.md) and [c](https://x.org/a.md).\n\n[d]: ../a.md\n",
    );
  });

  it("asks for its files relative to itself", () => {
    const page = '<head><script src="/static/a.js"></script></head><a href="/">x</a><a href="//x.org/"></a>';
    expect(relocatedPage(page, 2)).toMatch(
      /^<head><script>window\.__site=new URL\("\.\.\/\.\.\/",location\.href\).*<script src="\.\.\/\.\.\/static\/a\.js"><\/script><\/head><a href="\.\.\/\.\.\/index\.html">x<\/a><a href="\/\/x\.org\/"><\/a>$/,
    );
    expect(relocatedPage(page, 0)).toContain('src="./static/a.js"');
  });

  it("is in the search with its text; of the API's pages with the first letters, and sources are not", () => {
    const long = { content: "x".repeat(1000), toc: [{ charIndex: 10 }, { charIndex: 900 }] };
    const found = smallIndex(
      ["/losses/hinge", "/reference/api/gantry/Tensor", "/files/a"].map((routePath) => ({ routePath, ...long })),
    );
    expect(found.map(({ content, toc }) => [content.length, toc.length])).toEqual([
      [1000, 2],
      [300, 1],
    ]);
  });
});

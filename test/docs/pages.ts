/** The pages of the documentation as these tests see them: headings, links, pictures and code blocks, each with its line. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import GithubSlugger from "github-slugger";
import type { Code, Nodes, Root } from "mdast";
import { toString as textOf } from "mdast-util-to-string";
import { remark } from "remark";
import remarkGfm from "remark-gfm";
import { visit } from "unist-util-visit";

/** The folder of the project. */
export const root = join(import.meta.dirname, "../..");

/** A fenced block of a page. */
export interface Block {
  /** `docs/how-to/data.md` */
  readonly page: string;
  /** The line of the file in which its text begins. */
  readonly line: number;
  readonly lang: string;
  /** The words after the language, such as `run`. */
  readonly words: readonly string[];
  /** Settings that the tests add to its commands: the words of `short="..."`. */
  readonly short: readonly string[];
  readonly text: string;
}

/** A link, or the address of a picture. */
export interface Link {
  readonly line: number;
  readonly url: string;
}

/** A picture and its alternative text. */
export interface Picture extends Link {
  readonly alt: string;
}

export interface Page {
  /** Relative to the project: `docs/how-to/data.md` */
  readonly path: string;
  readonly lines: readonly string[];
  readonly tree: Root;
  readonly headings: readonly { readonly line: number; readonly depth: number; readonly text: string }[];
  /** What a link to a place of this page may name after `#`. */
  readonly anchors: ReadonlySet<string>;
  readonly links: readonly Link[];
  readonly pictures: readonly Picture[];
  readonly blocks: readonly Block[];
  /** Commands inside of sentences and tables, as blocks of one line. */
  readonly inline: readonly Block[];
  /** Lines at which a code block without a fence begins. */
  readonly indented: readonly number[];
}

const parser = remark().use(remarkGfm);

const lineOf = (node: Nodes): number => node.position!.start.line;

/** The attribute of an HTML tag. */
const attribute = (tag: string, name: string): string | undefined => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];

/** Reads a page from its text. */
export function parsePage(path: string, text: string): Page {
  const tree = parser.parse(text);
  const lines = text.split("\n");
  const slugger = new GithubSlugger();
  const headings: { line: number; depth: number; text: string }[] = [];
  const anchors = new Set<string>();
  const links: Link[] = [];
  const pictures: Picture[] = [];
  const blocks: Block[] = [];
  const inline: Block[] = [];
  const indented: number[] = [];
  visit(tree, (node) => {
    const line = lineOf(node);
    if (node.type === "heading") {
      headings.push({ line, depth: node.depth, text: textOf(node) });
      anchors.add(slugger.slug(textOf(node)));
    } else if (node.type === "link" || node.type === "definition") links.push({ line, url: node.url });
    else if (node.type === "inlineCode" && /^(npx )?gantry /.test(node.value))
      inline.push({ page: path, line, lang: "sh", words: [], short: [], text: node.value });
    else if (node.type === "image") pictures.push({ line, url: node.url, alt: node.alt ?? "" });
    else if (node.type === "code") {
      if (lines[line - 1]!.includes("```")) blocks.push(blockOf(path, node));
      else indented.push(line);
    } else if (node.type === "html") {
      for (const [tag, name] of node.value.matchAll(/<(\w+)(?:\s[^>]*)?>/g)) {
        const id = attribute(tag, "id");
        if (id !== undefined) anchors.add(id);
        const [href, source] = [attribute(tag, "href"), attribute(tag, "src") ?? attribute(tag, "srcset")];
        if (href !== undefined) links.push({ line, url: href });
        if (source !== undefined && name === "img")
          pictures.push({ line, url: source, alt: attribute(tag, "alt") ?? "" });
        else if (source !== undefined) links.push({ line, url: source });
      }
    }
  });
  return { path, lines, tree, headings, anchors, links, pictures, blocks, inline, indented };
}

function blockOf(page: string, node: Code): Block {
  const meta = node.meta ?? "";
  const short = /short="([^"]*)"/.exec(meta)?.[1] ?? "";
  return {
    page,
    line: lineOf(node) + 1,
    lang: node.lang ?? "",
    words: meta
      .replace(/\w+="[^"]*"/g, "")
      .split(/\s+/)
      .filter(Boolean),
    short: short.split(/\s+/).filter(Boolean),
    text: node.value,
  };
}

/** The paths of the pages: the files for people at the top, and everything in docs/. */
export function pagePaths(): string[] {
  const inDocs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .map((name) => `docs/${name.replaceAll("\\", "/")}`)
    // In the folders of docs/results and in docs/gallery are records and what was made of them.
    .filter((name) => name.endsWith(".md") && !/^docs\/(gallery|results\/[^/]+)\//.test(name));
  return ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...inDocs.sort()];
}

/** Every page. */
export const allPages = (): Page[] =>
  pagePaths().map((path) => parsePage(path, readFileSync(join(root, path), "utf8")));

/** `docs/how-to/data.md:17`, for messages. */
export const at = ({ path }: { readonly path: string }, line: number): string => `${path}:${line}`;

/** The name of the file that a block is: its first line is `// name.ts` (in other languages `# name.py`). */
export const fileNameOf = ({ text }: Block): string | undefined =>
  /^(?:\/\/|#) ([\w-]+(?:\.[\w-]+)*\.(?:ts|js|py|json|csv|sh))(?=[\s:,]|$)/.exec(text)?.[1];

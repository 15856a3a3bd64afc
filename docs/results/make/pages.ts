/**
 * What the pages of docs/results have from their records. A page has each part between two comments:
 *
 *     <!-- made: NAME -->
 *     ...
 *     <!-- end -->
 *
 * `npm test -- test/results` compares, and with `-u` writes.
 */
import { wrap } from "../../../src/cli/usage.ts";
import { parts as exploring, figures as exploringFigures } from "./exploring.ts";
import { parts as games } from "./games.ts";
import { parts as improved, figures as improvedFigures } from "./improved.ts";
import { parts as mine } from "./mine.ts";
import { parts as modern, figures as modernFigures } from "./modern.ts";
import { parts as readme } from "./readme.ts";
import { parts as spectralNorm, figures as spectralNormFigures } from "./spectral-norm.ts";
import { parts as topK } from "./top-k.ts";
import { parts as topKImages, figures as topKImagesFigures } from "./top-k-images.ts";

/** Of each page its parts by name. */
export const pages: Readonly<Record<string, Readonly<Record<string, () => string | Promise<string>>>>> = {
  "README.md": readme,
  "exploring.md": exploring,
  "games.md": games,
  "improved.md": improved,
  "mine.md": mine,
  "modern.md": modern,
  "spectral-norm.md": spectralNorm,
  "top-k.md": topK,
  "top-k-images.md": topKImages,
};

/** The figures of the pages that no experiment draws, by their files. */
export const figures: Readonly<Record<string, () => string>> = {
  ...exploringFigures,
  ...improvedFigures,
  ...modernFigures,
  ...spectralNormFigures,
  ...topKImagesFigures,
};

const WIDTH = 100;
/** Stands for a space at which no line may end. */
const TIED = "\u0000";

/** Prose in lines of at most 100 letters. Tables keep their lines; a number keeps its interval and its unit. */
function inLines(text: string): string {
  const lined = (line: string): string => {
    if (/^[|#]/.test(line)) return line;
    const indent = line.startsWith("- ") ? "  " : "";
    const tied = line.replace(/ (?=[±%=])|(?<=[±=]) /g, TIED);
    return wrap(tied, WIDTH - indent.length)
      .join(`\n${indent}`)
      .replaceAll(TIED, " ");
  };
  return text.split("\n").map(lined).join("\n");
}

const PART = /(<!-- made: (\S+) -->\n)(.*?)(<!-- end -->)/gs;

/** A page's text with every part made again. */
export async function madeAgain(page: string, text: string): Promise<string> {
  const names = [...text.matchAll(PART)].map(([, , name]) => name!);
  const texts = new Map<string, string>();
  for (const name of names) {
    const make = pages[page]?.[name];
    if (make === undefined) throw new Error(`${page} has a part "${name}" that nothing makes`);
    texts.set(name, inLines(await make()));
  }
  return text.replace(
    PART,
    (_, begin: string, name: string, __, end: string) => `${begin}\n${texts.get(name)}\n\n${end}`,
  );
}

/** The names of the parts that a page has. */
export const partsIn = (text: string): string[] => [...text.matchAll(PART)].map(([, , name]) => name!);

/** The texts of the parts that a page has. */
export const partTexts = (text: string): string[] => [...text.matchAll(PART)].map(([, , , made]) => made!);

/** A page's text without its parts. */
export const byHand = (text: string): string => text.replace(PART, "");

/** Classes of labels that are texts. */
import { UserError } from "../../base/errors.ts";
import { quoted } from "../../formats/index.ts";
import { byCodeUnit } from "../listing.ts";
import { type NumberedClasses, numberedClasses } from "./numbered-classes.ts";

/** More are no classes, but texts of another kind, such as captions. */
const MOST_NAMES = 100_000;

/**
 * The classes of texts: whole numbers count as numbers ({@link numberedClasses}), other texts are names, numbered in the
 * order of their code units.
 *
 * @throws UserError for an empty text, and where nearly every image has a text of its own.
 */
export function classesOfTexts(texts: readonly string[], where: string): NumberedClasses {
  const empty = texts.indexOf("");
  if (empty >= 0) throw new UserError(`${where}: the label of image ${empty} is empty`);
  if (texts.every((text) => /^(0|[1-9]\d{0,14})$/.test(text))) return numberedClasses(texts.map(Number), where);
  const classes = [...new Set(texts)].sort(byCodeUnit);
  if (classes.length > MOST_NAMES || (classes.length > 100 && classes.length > texts.length / 2)) {
    throw new UserError(
      `${where}: ${texts.length} images have ${classes.length} different labels, ${quoted(classes[0]!)} first: texts of the images, ` +
        "not classes; `labels: false` takes the images without",
    );
  }
  const numbers = new Map(classes.map((name, index) => [name, index]));
  return { labels: Uint32Array.from(texts, (text) => numbers.get(text)!), classes };
}

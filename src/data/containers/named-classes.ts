/** Classes of labels that are texts. */
import { UserError } from "../../base/errors.ts";
import { quoted } from "../../formats/index.ts";
import { formsNote, nameOfTexts } from "../class-names.ts";
import { byCodeUnit } from "../listing.ts";
import { isClass, type NumberedClasses, numberedClasses } from "./numbered-classes.ts";

/** More are no classes, but texts of another kind, such as captions. */
const MOST_NAMES = 100_000;

/**
 * The classes of texts: whole numbers count as numbers ({@link numberedClasses}), other texts are names, numbered in the
 * order of their code units. A text is one class in all its Unicode forms; `forms` says where there are several.
 *
 * @param others texts of other splits, whose classes count as well, so that a class has one number in all
 * @throws UserError for an empty text, and where nearly every image has a text of its own.
 */
export function classesOfTexts(
  texts: readonly string[],
  where: string,
  others: readonly string[] = [],
): NumberedClasses & { readonly forms: string } {
  const empty = texts.indexOf("");
  if (empty >= 0) throw new UserError(`${where}: the label of image ${empty} is empty`);
  const isNumber = (text: string): boolean => /^(0|-?[1-9]\d{0,14})$/.test(text);
  if (texts.every(isNumber) && others.every(isNumber)) {
    return { ...numberedClasses(texts.map(Number), where, [others.map(Number).filter(isClass)]), forms: "" };
  }
  const forms = nameOfTexts([...texts, ...others]);
  const nameOf = (text: string): string => forms.get(text) ?? text;
  const own = [...new Set(texts.map(nameOf))].sort(byCodeUnit);
  if (own.length > MOST_NAMES || (own.length > 100 && own.length > texts.length / 2)) {
    throw new UserError(
      `${where}: ${texts.length} images have ${own.length} different labels, ${quoted(own[0]!)} first: texts of the images, ` +
        "not classes; `labels: false` takes the images without",
    );
  }
  const classes = [...new Set([...own, ...others.map(nameOf)])].sort(byCodeUnit);
  const numbers = new Map(classes.map((name, index) => [name, index]));
  return { labels: Uint32Array.from(texts, (text) => numbers.get(nameOf(text))!), classes, forms: formsNote(forms) };
}

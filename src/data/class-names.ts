/** Names of classes that are equal but for their Unicode form, or nearly equal. */
import { quoted } from "../formats/index.ts";

const composed = (name: string): string => name.normalize("NFC");

/**
 * The one name of classes that are written in several Unicode forms (`é` as one letter, NFC, or as `e` and an accent, NFD): the
 * composed one. Names that one list has in several forms are not among them: there each is a class.
 *
 * @param lists - the names of the classes of each split
 */
export function nameInAll(lists: readonly (readonly string[])[]): ReadonlyMap<string, string> {
  const forms = new Map<string, Set<string>>();
  const apart = new Set<string>();
  for (const list of lists) {
    const own = new Map<string, string>();
    for (const name of list) {
      const form = composed(name);
      if ((own.get(form) ?? name) !== name) apart.add(form);
      own.set(form, name);
      forms.set(form, (forms.get(form) ?? new Set()).add(name));
    }
  }
  const found = new Map<string, string>();
  for (const [form, names] of forms) {
    if (names.size > 1 && !apart.has(form)) for (const name of names) found.set(name, form);
  }
  return found;
}

/** The names of classes that are texts, where a text is one class in all its Unicode forms. */
export function nameOfTexts(texts: Iterable<string>): ReadonlyMap<string, string> {
  return nameInAll(Array.from(new Set(texts), (text) => [text]));
}

/** Said of texts in several forms. Begins with a semicolon, or is empty. */
export function formsNote(names: ReadonlyMap<string, string>): string {
  const classes = [...new Set(names.values())];
  if (classes.length === 0) return "";
  return `; ${shown(classes.map(quoted))} ${classes.length === 1 ? "is one class" : "are one class each"}, written in several Unicode forms`;
}

/** Names that are listed. */
const MOST_SHOWN = 3;

function shown(texts: readonly string[]): string {
  const more = texts.length - MOST_SHOWN;
  return `${texts.slice(0, MOST_SHOWN).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Ways in which names that mean the same may differ. */
const ways: readonly (readonly [way: string, plain: (name: string) => string])[] = [
  ["Unicode form (NFC, NFD)", composed],
  // The letters of both cases are classes of their own, as in EMNIST.
  ["case", (name) => ([...composed(name)].length > 1 ? name.toLowerCase() : name)],
  ["spaces", (name) => name.replace(/\s+/g, " ").trim()],
  ["how a number is written", plainNumber],
];

/** A number in one way of writing; other texts as they are. More digits than a number keeps are compared as a whole number. */
function plainNumber(name: string): string {
  if (/^[+-]?\d+$/.test(name)) return String(BigInt(name.replace("+", "")));
  return name.length <= 15 && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(name) ? String(Number(name)) : name;
}

/** Said of classes whose names differ so little that one may be meant. */
export function likeNote(classes: readonly string[]): string | undefined {
  const groups = new Map<string, number[]>();
  for (const [number, name] of classes.entries()) {
    const plain = ways.reduce((text, [, plainOf]) => plainOf(text), name);
    const group = groups.get(plain);
    if (group === undefined) groups.set(plain, [number]);
    else group.push(number);
  }
  const like = [...groups.values()].filter((numbers) => numbers.length > 1);
  if (like.length === 0) return undefined;
  const texts = like.map((numbers) => {
    const names = numbers.map((number) => classes[number]!);
    const only = ways.find(([, plainOf]) => new Set(names.map(plainOf)).size === 1);
    const how = only === undefined ? "case, spaces and form" : only[0];
    return `classes ${numbers.map((number, i) => `${number} ${quoted(names[i]!)}`).join(" and ")} differ only in ${how}`;
  });
  return shown(texts);
}

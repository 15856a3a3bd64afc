/** What becomes of the files of a folder or archive: how many are used, and where the others are. */
import { counted } from "../base/counted.ts";
import { sidesOf, sizeText } from "../base/image-size.ts";
import { brightening, DARKEST } from "./dark.ts";
import { byCodeUnit } from "./listing.ts";
import type { PackHeader } from "./pack-header.ts";

/**
 * One line, such as "photos: 97 images of 103 files; 2 are broken; no images: 3 .txt, 1 .json", with the columns of a label file;
 * of a container what was found in it. Undefined where there is nothing to say: all images of files that hold many, and whose form was asked for.
 */
export function usageOf(header: PackHeader): string | undefined {
  const { name, count, total, broken, ignored, table, unreadTable, isContainer = false, note, emptyClasses } = header;
  const { remarks = [] } = header;
  if (total === undefined && broken.length === 0 && !isContainer && remarks.length === 0) return undefined;
  const others = Object.entries(ignored).sort(([a], [b]) => byCodeUnit(a, b));
  const rest = notChosen(header);
  const parts = [
    isContainer
      ? note
      : `${name}: ${counted(count, "image")}${total === undefined ? "" : ` of ${counted(total, "file")}`}`,
    ...(table === undefined ? [] : [table.note]),
    ...(broken.length > 0 ? [`${broken.length} cannot be used (gantry data lists them)`] : []),
    ...(others.length > 0 ? [`no images: ${others.map(([ending, number]) => `${number} ${ending}`).join(", ")}`] : []),
    ...(table && table.withoutRow > 0 ? [`${table.withoutRow} without a row in ${table.file}`] : []),
    ...(table && table.withoutImage > 0
      ? [`${counted(table.withoutImage, "row")} of ${table.file} without an image`]
      : []),
    ...(unreadTable === undefined ? [] : [`${unreadTable} is not read (\`labelFile\` does)`]),
    ...(emptyClasses === undefined ? [] : [emptyText(emptyClasses, header.classes.length)]),
    ...(rest > 0 ? [restText(rest)] : []),
    ...remarks,
  ];
  return parts.join("; ");
}

/** How many images of the files are of other splits or classes, or more than the wanted number. */
export function notChosen({
  count,
  total = count,
  broken,
  ignored,
  table,
}: Pick<PackHeader, "count" | "total" | "broken" | "ignored" | "table">): number {
  const passedOver = Object.values(ignored).reduce((sum, number) => sum + number, 0) + (table?.withoutRow ?? 0);
  return total - count - broken.length - passedOver;
}

/**
 * What became of the images of files on their way, in one line: "photos: all JPEG; 2 images with transparency laid over gray level
 * 255; 48 x 64 pixels (height x width) made 32x32 by `crop`, which cuts off both ends". Undefined where they are as they were, and
 * of published datasets in their own files, unless they are nearly black.
 */
export function conversionOf(header: PackHeader): string | undefined {
  const { name, note, total, isContainer = false } = header;
  const dark = darkText(header);
  if (total === undefined && !isContainer) return dark === undefined ? undefined : `${name}: ${dark}`;
  const jpeg = /[,;] (all|\d+ of them) JPEG/.exec(note)?.[1];
  const transparency = note.split("; ").filter((part) => part.includes("with transparency"));
  const resized = resizedText(header);
  const parts = [
    ...(jpeg === undefined ? [] : [`${jpeg} JPEG`]),
    ...transparency,
    ...resized,
    ...(dark === undefined ? [] : [dark]),
  ];
  return parts.length === 0 ? undefined : `${name}: ${parts.join("; ")}`;
}

/** Said of images that are not chosen. */
export const restText = (rest: number): string => `${rest} of other splits or not chosen`;

/** Said of images that are nearly black, with what to do about it. Resizing has changed their highest level a little. */
export function darkText({ darkest }: Pick<PackHeader, "darkest">): string | undefined {
  if (darkest === undefined) return undefined;
  if (darkest === 0) return "all images are black: every level is 0";
  return (
    `all images are nearly black: no level is above ${darkest} of 255; if the files mean another number as white, multiply their ` +
    `levels (0 and 1 by ${brightening(1)}, 0 to 16 by ${brightening(16)}, 0 to ${DARKEST} by ${brightening(DARKEST)}) and save them again`
  );
}

function resizedText({ size, fit, originals: { width, height } }: PackHeader): string[] {
  const to = sidesOf(size);
  const isOneSize = width[0] === width[1] && height[0] === height[1];
  if (isOneSize && width[0] === to.width && height[0] === to.height) return [];
  const span = ([low, high]: readonly [number, number]): string => (low === high ? `${low}` : `${low}-${high}`);
  const isSameAspect = isOneSize && width[0] * to.height === height[0] * to.width;
  const what = {
    crop: ", which cuts off both ends",
    fit: ", with margins",
    stretch: ", which changes their proportions",
    pad: "",
  };
  const aspect = isOneSize ? "" : " where their aspect is another";
  const how = isSameAspect ? "" : ` by \`${fit}\`${what[fit]}${aspect}`;
  return [`${span(height)} x ${span(width)} pixels (height x width) made ${sizeText(size)}${how}`];
}

/** Names that are listed. */
const MOST_NAMES = 5;

function emptyText(empty: readonly string[], classes: number): string {
  const more = empty.length - MOST_NAMES;
  const names = `${empty.slice(0, MOST_NAMES).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  return `${empty.length} of ${counted(classes, "class", "classes")} without an image: ${names}`;
}

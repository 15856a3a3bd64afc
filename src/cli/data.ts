/** `gantry data`: inspects a dataset by name or path, or gets one. */
import { resolve } from "node:path";
import { counted } from "../base/counted.ts";
import { sizeInWords } from "../base/image-size.ts";
import { visible } from "../base/visible.ts";
import {
  darkText,
  getDataset,
  type Inspection,
  inspect,
  namedDatasets,
  notChosen,
  officialDataset,
  packOf,
  restText,
} from "../data/index.ts";
import { optionValue, parseValue } from "../recipe/index.ts";
import { defineCommand } from "./command.ts";
import { dinov2Command } from "./data-dinov2.ts";
import { inceptionCommand } from "./data-inception.ts";
import { UsageError } from "./errors.ts";
import { fileNamed, flag, valuesOf, wholeNumber } from "./flags.ts";
import { listedNames } from "./listed-names.ts";
import { datasetKind, datasetNames, describeDataset, shadowed } from "./named-dataset.ts";
import { programName } from "./program.ts";
import { clock, Remaining, StatusLine, showDownloads, throttled } from "./progress.ts";
import { padded, textWidth } from "./text-width.ts";

/** Files that are listed one by one before "and N more". */
const MOST_BROKEN_SHOWN = 20;
const MOST_CLASSES_SHOWN = 100;

/** The names of the datasets that can be downloaded. */
const namesWith = (way: "download" | "byHand"): string =>
  namedDatasets()
    .filter((dataset) => dataset[way] !== undefined)
    .map(({ name }) => name)
    .join(", ");

const inspectArgs = {
  dataset: {
    type: "positional",
    required: true,
    description: `${datasetNames.join(", ")}, or a folder, archive or other file of images`,
  },
  path: flag("PATH", "where a named dataset's files are, if not in the usual place"),
  split: flag("NAME", "train, test, or another split (default: train)"),
  entry: flag("NAME", "which array, column or ending holds the images, where there are several"),
  size: flag(
    "PIXELS",
    "side of the prepared images, or height x width as 64x48 (default: 32, photographs and folders 64)",
  ),
  channels: flag("1|3|4", "gray, colour, or colour and alpha (default: as the dataset is, folders 3)"),
  fit: flag("HOW", "crop, fit, stretch or pad, where an image is not square"),
  background: flag(
    "LEVEL",
    "gray level from 0 to 255, or a colour such as '#ff8000', behind transparency and around images",
  ),
  labels: flag("FILE", "a folder's or archive's table of labels: CSV, TSV, JSON or JSON Lines"),
  classes: flag("A,B", "only these classes"),
  first: flag("N", "only the first N images"),
  set: flag("KEY=VALUE", "an option that only this dataset has, such as attribute=Smiling; may be repeated"),
  sheet: flag("FILE", "where to write the contact sheet (default: in the pack's folder)"),
  json: { type: "boolean", description: "print one JSON object instead of text", default: false },
} as const;

const inspectCommand = defineCommand({
  meta: { name: "inspect", description: "show what a dataset holds, list broken files, write a contact sheet" },
  args: inspectArgs,
  async run({ args, rawArgs }) {
    const options = {
      path: args.path === undefined ? undefined : resolve(args.path),
      split: args.split,
      entry: args.entry,
      size: args.size === undefined ? undefined : parseValue(args.size),
      channels: wholeNumber("--channels", args.channels, 1),
      fit: args.fit,
      background: args.background === undefined ? undefined : parseValue(args.background),
      labelFile: args.labels === undefined ? undefined : resolve(args.labels),
      classes: args.classes === undefined ? undefined : listedNames(args.classes),
      first: wholeNumber("--first", args.first, 1),
      ...Object.fromEntries(
        valuesOf(rawArgs, inspectArgs, "set").map((text) => ownOption(text, datasetKind(args.dataset))),
      ),
    };
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    const descriptor = describeDataset(args.dataset, given);
    const status = new StatusLine(process.stderr);
    const remaining = new Remaining();
    const note = shadowed(args.dataset);
    if (note !== undefined) status.print(`note: ${note}`);
    // Listing the files of a large folder is slow, and their number is not known yet.
    status.update(`looking at ${args.dataset}`);
    const pack = await packOf(descriptor, {
      onProgress: throttled(({ name, done, total, failed }) => {
        const left = clock(remaining.update(done, total));
        status.update(`preparing ${name}: ${done}/${total}${failed > 0 ? `, ${failed} broken` : ""}, ${left} left`);
      }),
    });
    status.end();
    const inspected = await inspect(
      pack,
      args.sheet === undefined ? undefined : resolve(fileNamed("--sheet", args.sheet, ".png")),
    );
    // The pack keeps the classes; data without labels have none.
    const found = given.labels === false ? { ...inspected, classes: [] } : inspected;
    process.stdout.write(args.json ? `${JSON.stringify(found)}\n` : inspectionText(found));
  },
});

/**
 * `key=value` as an option of a dataset of some kind.
 * @throws UsageError when it is something else.
 */
function ownOption(text: string, kind: string): [key: string, value: unknown] {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`--set \`${text}\` must be written key=value, such as attribute=Smiling`);
  const key = text.slice(0, at).trim();
  return [key, optionValue("data", kind, key, text.slice(at + 1))];
}

const getCommand = defineCommand({
  meta: { name: "get", description: "download a dataset's official files, verify and unpack them" },
  args: {
    name: {
      type: "positional",
      required: true,
      description: `${namesWith("download")}; for ${namesWith("byHand")} it says what to put where`,
    },
    json: { type: "boolean", description: "print one JSON object instead of text", default: false },
  },
  async run({ args }) {
    const dataset = officialDataset(args.name);
    const status = new StatusLine(process.stderr);
    const { folder, downloaded } = await getDataset(dataset, {
      onProgress: showDownloads(status),
      onRetry: (reason) => status.print(`trying again: ${reason}`),
    });
    status.end();
    const result = { name: dataset.name, folder, downloaded };
    const what = downloaded.length > 0 ? `downloaded ${downloaded.join(", ")}` : "everything was there already";
    process.stdout.write(
      args.json
        ? `${JSON.stringify(result)}\n`
        : `${dataset.title}: ${what}\nverified, in ${folder}\nnext: ${programName()} data ${dataset.name}\n`,
    );
  },
});

/** `gantry data`: with anything but a sub-command's name it inspects. */
export const data = defineCommand({
  ...inspectCommand,
  meta: {
    name: "data",
    description: "Inspect a dataset (counts, classes, broken files, a contact sheet), or get one.",
  },
  subCommands: { inspect: inspectCommand, get: getCommand, inception: inceptionCommand, dinov2: dinov2Command },
  examples: [
    { line: "gantry data mnist", does: "look at MNIST as training sees it" },
    { line: "gantry data photos.zip --size 64 --fit crop", does: "check a zip of images with class sub-folders" },
    {
      line: "gantry data faces --labels faces/labels.csv --set conditions=[smiling,age]",
      does: "check a folder whose images have several labels",
    },
    { line: "gantry data get cifar10", does: "download CIFAR-10" },
    { line: "gantry data pathmnist.npz --split val", does: "look at arrays, parquet files, tar shards and the like" },
    {
      line: "gantry data celeba --path /data/celeba --set attribute=Smiling",
      does: "look at CelebA as two classes, from where you have it",
    },
    { line: "gantry data inception", does: "get the weights that published scores use" },
  ],
});

const span = ([low, high]: readonly [number, number]): string => (low === high ? `${low}` : `${low}-${high}`);

function originalText({ height, width }: Inspection["originals"]): string {
  const [high, wide] = [span(height), span(width)];
  return `${high} x ${wide} pixels${high === wide ? "" : " (height x width)"}`;
}

const digits = (value: number): string => String(Number(value.toPrecision(4)));

/** A line for each condition: the share of images that have a flag, the mean and range of a number. */
function conditionLines(conditions: NonNullable<Inspection["conditions"]>): string[] {
  const width = Math.max(...conditions.map(({ name }) => name.length));
  const lines = conditions.map(({ name, kind, mean, deviation, least, most }) => {
    const flag = `flag    1 for ${(100 * mean).toFixed(1)} %`;
    const number = `number  mean ${digits(mean)}, deviation ${digits(deviation)}, from ${digits(least)} to ${digits(most)}`;
    const constant = least === most ? "; it is the same for all images, so it says nothing" : "";
    return `    ${name.padEnd(width)}  ${kind === "flag" ? flag : number}${constant}`;
  });
  return [`  conditions ${conditions.length}`, ...lines];
}

/** What `gantry data` prints of a dataset. */
export function inspectionText(found: Inspection): string {
  const { originals, size, channels } = found;
  const colour = channels === 1 ? "gray" : channels === 3 ? "colour" : "colour and alpha";
  const lines = [
    `${found.name}: ${counted(found.count, "image")}`,
    `  source    ${found.note}`,
    `  original  ${originalText(originals)}`,
    `  prepared  ${sizeInWords(size)}, ${colour}, fit: ${found.fit}`,
  ];
  const { table, conditions } = found;
  if (table !== undefined) {
    lines.push(
      `  labels    ${table.note.replace("labels from ", "")}`,
      `            ${counted(table.rows, "row")} of ${table.columns.join(", ")}`,
    );
    lines.push(
      `            ${counted(table.withoutRow, "image")} without a row, ${counted(table.withoutImage, "row")} without an image`,
    );
  } else if (found.unreadTable !== undefined) {
    lines.push(`  labels    ${found.unreadTable} is not read; --labels FILE reads it`);
  }
  if (conditions !== undefined) lines.push(...conditionLines(conditions));
  else if (found.classes.length === 0) lines.push("  classes   none");
  else {
    lines.push(`  classes   ${found.classes.length}`);
    const shown = found.classes.slice(0, MOST_CLASSES_SHOWN);
    const width = Math.max(...shown.map(({ name }) => textWidth(visible(name))));
    for (const [index, { name, count }] of shown.entries()) {
      lines.push(`    ${String(index).padStart(3)}  ${padded(visible(name), width)}  ${count}`);
    }
    const hidden = found.classes.length - MOST_CLASSES_SHOWN;
    if (hidden > 0) lines.push(`    and ${hidden} more (--json lists all)`);
  }
  const dark = darkText(found);
  for (const remark of [...(found.remarks ?? []), ...(dark === undefined ? [] : [dark])])
    lines.push(`  note      ${remark}`);
  if (found.total !== undefined) {
    const rest = notChosen(found);
    lines.push(
      `  files     ${found.total}, ${found.count} of them used${rest > 0 ? `, ${restText(rest)} (--split, --classes, --first)` : ""}`,
    );
  }
  const ignored = Object.entries(found.ignored).map(([extension, count]) => `${count} ${extension}`);
  if (ignored.length > 0) lines.push(`  ignored   ${ignored.join(", ")} (not images)`);
  lines.push(`  broken    ${found.broken.length === 0 ? "none" : `${found.broken.length}, skipped:`}`);
  for (const { file, reason } of found.broken.slice(0, MOST_BROKEN_SHOWN)) lines.push(`    ${file}: ${reason}`);
  const more = found.broken.length - MOST_BROKEN_SHOWN;
  if (more > 0) lines.push(`    and ${more} more (--json lists all)`);
  lines.push(`  pack      ${found.pack}`, `  sheet     ${found.contactSheet}`);
  return `${lines.map(visible).join("\n")}\n`;
}

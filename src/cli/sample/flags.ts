/** The flags of `gantry sample` that choose what the image file shows, and which other flags apply then. */
import { nearest, suggestion, UserError } from "../../base/errors.ts";
import { findName } from "../../base/find-name.ts";
import type { Condition } from "../../data/index.ts";
import { UsageError } from "../errors.ts";
import { flag, kebab } from "../flags.ts";
import { listedNames } from "../listed-names.ts";
import { THRESHOLDS } from "../thresholds.ts";

/** These flags, for the command to add to its own. */
export const sheetFlags = {
  interpolate: flag("KIND", "rows from one latent to another: linear, spherical, or fixed (only the class changes)"),
  rows: flag("N", "rows of --interpolate; default: 8"),
  steps: flag("N", "images in a row of --interpolate, both ends included; default: 9"),
  sheet: flag(
    "WHAT",
    "classes (one row per class), conditions (two rows per condition) or truncation (one row per threshold); a column shares one latent",
  ),
  classes: flag(
    "A,B",
    "with --interpolate: from class A to class B; with --sheet classes: only these; default: the first 20",
  ),
  conditions: flag("A,B", "with --sheet conditions: only these; default: the first 10"),
  thresholds: flag("A,B", `thresholds of --sheet truncation; default: ${THRESHOLDS}`),
  neighbours: flag("N", "next to each sample, the N nearest images of the run's data by pixel distance"),
  to: flag("FORM", "single files: folder, npz or zip; an animation of --interpolate: gif or webp"),
  scale: flag("N", "enlarge images N times, pixel by pixel; default: 1, and sheets of small images as it fits"),
  seeds: flag("A,B", "with --to gif or webp: the path goes through the samples of these seeds; default: two"),
  frames: flag("N", "with --to gif or webp: images in all; default: 60"),
  duration: flag("SECONDS", "with --to gif or webp: of all frames; default: 20 frames a second"),
} as const;

/** What is written. */
export type Subject =
  | "grid"
  | "files"
  | "interpolation"
  | "animation"
  | "classes"
  | "conditions"
  | "truncation"
  | "neighbours";

/** The flag that asks for each. */
const ASKED: Readonly<Record<Subject, string>> = {
  grid: "a plain grid",
  files: "--to folder, npz or zip",
  interpolation: "--interpolate",
  animation: "--interpolate with --to gif or webp",
  classes: "--sheet classes",
  conditions: "--sheet conditions",
  truncation: "--sheet truncation",
  neighbours: "--neighbours",
};

/** What `--sheet` takes. */
const SHEETS = ["classes", "conditions", "truncation"] as const;

/** The subjects that a flag applies to, if it does not apply to all. */
const BELONGS: Readonly<Record<string, readonly Subject[]>> = {
  count: ["grid", "files", "neighbours"],
  columns: ["grid", "classes", "conditions", "truncation"],
  class: ["grid", "files", "interpolation", "animation", "truncation", "neighbours"],
  condition: ["grid", "files", "interpolation", "animation", "conditions", "truncation", "neighbours"],
  truncation: ["grid", "files", "interpolation", "animation", "classes", "conditions", "neighbours"],
  rows: ["interpolation"],
  steps: ["interpolation"],
  classes: ["interpolation", "animation", "classes"],
  conditions: ["conditions"],
  thresholds: ["truncation"],
  seeds: ["animation"],
  frames: ["animation"],
  duration: ["animation"],
};

const FILES = ["folder", "npz", "zip"];
const ANIMATIONS = ["gif", "webp"];

/** The values of flags that were given. */
type Given = Readonly<Record<string, unknown>>;

/**
 * What the flags ask for.
 *
 * @throws UsageError when two things are asked for, or a flag does not go with what is asked for.
 */
export function subjectOf(flags: Given): Subject {
  const { interpolate, sheet, neighbours, to } = flags;
  const asked = Object.entries({ interpolate, sheet, neighbours }).filter(([, value]) => value !== undefined);
  if (asked.length > 1) {
    const names = asked.map(([name]) => `--${name}`).join(" and ");
    throw new UsageError(`${names} make different images: give one of them`);
  }
  if (sheet !== undefined && !SHEETS.some((name) => name === sheet)) {
    throw new UsageError(`--sheet (=${String(sheet)}) must be one of ${SHEETS.join(", ")}`);
  }
  if (to !== undefined && ![...FILES, ...ANIMATIONS].some((form) => form === to)) {
    throw new UsageError(`--to (=${String(to)}) must be one of ${[...FILES, ...ANIMATIONS].join(", ")}`);
  }
  const animated = ANIMATIONS.some((form) => form === to);
  if (animated && interpolate === undefined) {
    throw new UsageError(
      `--to ${String(to)} shows a path between samples: give --interpolate linear, spherical or fixed`,
    );
  }
  if (to !== undefined && !animated && asked.length > 0) {
    throw new UsageError(
      `--to ${String(to)} writes single samples, and --${asked[0]![0]} one picture: give one of them`,
    );
  }
  if (to === "npz" && flags.scale !== undefined) {
    throw new UsageError("--scale enlarges pictures, and --to npz keeps the samples as they are: give one of them");
  }
  const subject =
    (sheet as (typeof SHEETS)[number] | undefined) ??
    (animated ? "animation" : interpolate !== undefined ? "interpolation" : undefined) ??
    (neighbours !== undefined ? "neighbours" : to !== undefined ? "files" : "grid");
  for (const [flag, subjects] of Object.entries(BELONGS)) {
    if (flags[flag] === undefined || subjects.includes(subject)) continue;
    const known = subjects.flatMap((name) =>
      name === "animation" && subjects.includes("interpolation") ? [] : [ASKED[name]],
    );
    throw new UsageError(`--${kebab(flag)} goes with ${known.join(", ")}; it does not go with ${ASKED[subject]}`);
  }
  if (flags.class !== undefined && flags.classes !== undefined) {
    throw new UsageError("--class and --classes: give one of them");
  }
  return subject;
}

/**
 * The number of a class that is given by its name, or by its place as `#0`. A name wins. Capitals do not matter where
 * only one name fits without them.
 *
 * @throws UserError when the run's data has no such class.
 */
export function classIndex(wanted: string, classes: readonly string[], flag = "--class"): number {
  if (classes.length === 0) throw new UserError(`${flag} ${wanted}: the data of this run has no classes`);
  const named = findName(wanted, classes, { anyCase: true });
  if (named !== undefined) return named;
  const place = /^#(\d+)$/.exec(wanted);
  if (place !== null && Number(place[1]) < classes.length) return Number(place[1]);
  const likely = /^#?\d+$/.test(wanted) ? undefined : nearest(wanted, classes);
  const list = `${classes.join(", ")}, or a place from '#0' to '#${classes.length - 1}'`;
  throw new UserError(
    `${flag} (=${wanted}) is no class of this run${likely ? `; did you mean ${likely}?` : `; it has ${list}`}`,
  );
}

/**
 * Values of conditions, as `smiling=1,male=0`. A name with a comma stands in quotes, with its value: `"a, b=1"`.
 *
 * @throws UserError when the run's data has no such condition, and UsageError for what is no such list.
 */
export function conditionValues(list: string, known: readonly string[]): Readonly<Record<string, number>> {
  if (known.length === 0) throw new UserError(`--condition ${list}: the data of this run has no conditions`);
  const entries = listedNames(list).map((part) => {
    const at = part.lastIndexOf("=");
    const text = part.slice(at + 1).trim();
    const value = Number(text);
    if (at < 1 || text === "" || !Number.isFinite(value)) {
      throw new UsageError(`--condition: \`${part}\` must be written name=number, such as ${known[0]}=1`);
    }
    return [conditionNamed(part.slice(0, at).trim(), known), value] as const;
  });
  const twice = entries.find(([name], i) => entries.findIndex(([other]) => other === name) !== i);
  if (twice !== undefined) throw new UsageError(`--condition (=${list}) names ${twice[0]} twice`);
  return Object.fromEntries(entries);
}

/**
 * What a user should know of values that no image of the data comes near: one sentence for each that is less or more than
 * all of them.
 */
export function outOfRange(values: Readonly<Record<string, number>>, data: readonly Condition[]): string[] {
  return data.flatMap(({ name, kind, least, most }) => {
    const value = values[name];
    // A flag of another value is refused.
    if (value === undefined || (kind === "flag" && !(value >= 0 && value <= 1)) || (value >= least && value <= most))
      return [];
    const range = least === most ? `it is always ${least}` : `it goes from ${least} to ${most}`;
    return [
      `--condition ${name}=${value} lies outside of the data, where ${range}: the generator was trained on no such image`,
    ];
  });
}

/** A condition as the data call it: capitals do not matter where only one name fits without them. */
export function conditionNamed(wanted: string, known: readonly string[]): string {
  const found = findName(wanted, known, { anyCase: true });
  if (found !== undefined) return known[found]!;
  throw new UserError(`\`${wanted}\` is no condition of this run${suggestion(wanted, known)}`);
}

/**
 * The numbers of listed classes. A name with a comma stands in quotes, as text of JSON.
 * @throws UserError as {@link classIndex} does, and UsageError for one that comes twice.
 */
export function classIndices(list: string, classes: readonly string[]): number[] {
  const found = listedNames(list).map((name) => classIndex(name, classes, "--classes"));
  const twice = found.find((label, i) => found.indexOf(label) !== i);
  if (twice !== undefined) throw new UsageError(`--classes (=${list}) names ${classes[twice]} twice`);
  return found;
}

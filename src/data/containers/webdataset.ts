/**
 * Shards of webdataset: tar archives in which the members of a sample follow each other, with one name and different
 * endings:
 *
 *     000000.tar: 0001.jpg 0001.cls 0001.json 0002.jpg 0002.cls 0002.json ...
 *
 * The name of a sample ends at the first dot of its last part, so the endings of `0.v1.png` and `0.v1.cls` are `v1.png` and
 * `v1.cls`. `.cls`, also at the end of a longer ending, has the class as a number; `.json` may have one as
 * `label`; `.txt` is mostly a caption and is taken as the class only where `labelEntry` says so.
 */
import { basename, join } from "node:path";
import { counted } from "../../base/counted.ts";
import { UserError } from "../../base/errors.ts";
import { quoted, readTar, startsLikeTar, type TarMember, withRandomAccess } from "../../formats/index.ts";
import { readContents } from "../contents.ts";
import { namedLikeImage } from "../image-format.ts";
import { LARGEST_FILE } from "../item-reader.ts";
import { refuseRounded } from "../labels/table.ts";
import { type BrokenFile, type ImageSource, type OpenSource, type StretchItem, sha256 } from "../source.ts";
import { type ContainerOptions, defineContainer, filesEnding, type Place } from "./container.ts";
import { classesOfTexts } from "./named-classes.ts";
import { shardsOf } from "./shards.ts";

/** A label is a few bytes; metadata in JSON are some kilobytes. */
const LARGEST_LABEL = 2 ** 20;

/** The name of a sample and the ending of one of its members, in lower case. */
function parts(name: string): { key: string; ending: string } {
  const slash = name.lastIndexOf("/") + 1;
  const dot = name.indexOf(".", slash);
  return dot < 0 ? { key: name, ending: "" } : { key: name.slice(0, dot), ending: name.slice(dot + 1).toLowerCase() };
}

const isImage = (ending: string): boolean => namedLikeImage(`x.${ending}`) === true;

/** Whether members are those of samples: an image and something else under one name. */
function areSamples(members: readonly TarMember[]): boolean {
  const images = new Set<string>();
  const others = new Set<string>();
  for (const { name } of members) {
    const { key, ending } = parts(name);
    if (isImage(ending)) images.add(key);
    else if (/(^|\.)(cls|json|txt)$/.test(ending)) others.add(key);
  }
  return [...others].some((key) => images.has(key));
}

const isShard = ({ path, head, isFolder }: Place): boolean =>
  !isFolder && startsLikeTar(head) && areSamples(readTar(path).members);

defineContainer({
  what: "tar shards",
  hasEntries: true,
  recognises: (place) => isShard(place) || filesEnding(place, ".tar").length > 0,
  open: (place, options) =>
    place.isFolder
      ? openFolder(place, options)
      : openShards({ paths: [place.path], others: [], where: place.path, missing: [] }, options),
});

function openFolder(place: Place, options: ContainerOptions): Promise<ImageSource> {
  const { path } = place;
  const { files, others, split, missing, isRun } = shardsOf(filesEnding(place, ".tar"), options.split, path);
  const paths = files.map((file) => join(path, file));
  if (!isRun && options.labels && !paths.some((file) => areSamples(readTar(file).members))) {
    throw new UserError(
      `${path}: ${paths.length} tar archives (${files.slice(0, 3).join(", ")}) that are no numbered shards and have no labels (.cls); if ` +
        "each is a class, unpack it into a folder of its own; `labels: false` takes all images without classes",
    );
  }
  const where = split === undefined ? path : `${path} (${split})`;
  return openShards({ paths, others: others.map((file) => join(path, file)), where, missing }, options);
}

/** The shards of a split. */
interface Files {
  readonly paths: readonly string[];
  /** The shards of the other splits. */
  readonly others: readonly string[];
  /** For messages. */
  readonly where: string;
  readonly missing: readonly BrokenFile[];
}

async function openShards(files: Files, options: ContainerOptions): Promise<ImageSource> {
  const { paths, others, where, missing } = files;
  const { hash, hashed } = await readContents(paths, options);
  const { labels, entry, labelEntry } = options;
  const name = basename(where);
  // The classes are those of all splits.
  const told = labels && others.length > 0 ? [(await readContents(others, options)).hash] : [];
  return {
    name,
    fingerprint: sha256(
      JSON.stringify([name, hash, paths.map((path) => basename(path)), missing, labels, entry, labelEntry, ...told]),
    ),
    hashed,
    open: async () => openSamples(files, options),
  };
}

/** One sample. */
interface Sample {
  /** For reports. */
  readonly name: string;
  readonly path: string;
  readonly members: ReadonlyMap<string, TarMember>;
}

function samplesOf(path: string): { samples: Sample[]; ended: boolean } {
  const samples = new Map<string, { name: string; path: string; members: Map<string, TarMember> }>();
  const { members, ended } = readTar(path);
  for (const member of members) {
    const { key, ending } = parts(member.name);
    let sample = samples.get(key);
    if (sample === undefined) {
      sample = { name: `${basename(path)} ${key}`, path, members: new Map() };
      samples.set(key, sample);
    }
    const before = sample.members.get(ending);
    if (before !== undefined) {
      throw new UserError(
        `${path}: the members ${quoted(before.name)} and ${quoted(member.name)} are of one sample and one ending, whose case does not ` +
          "count; keep one of them",
      );
    }
    sample.members.set(ending, member);
  }
  return { samples: [...samples.values()], ended };
}

function openSamples({ paths, others, where, missing }: Files, options: ContainerOptions): OpenSource {
  const broken: BrokenFile[] = [...missing];
  const all: Sample[] = [];
  for (const path of paths) {
    const { samples, ended } = samplesOf(path);
    for (const sample of samples) all.push(sample);
    if (!ended)
      broken.push({ file: basename(path), reason: "the archive has no end mark; it may have been cut short" });
  }
  const ending = imageEnding(all, options.entry, where);
  const good: Sample[] = [];
  const items: StretchItem[] = [];
  for (const sample of all) {
    const member =
      ending === undefined ? [...sample.members].find(([one]) => isImage(one))?.[1] : sample.members.get(ending);
    if (member === undefined) broken.push({ file: sample.name, reason: "the sample has no image" });
    else if (member.size > LARGEST_FILE)
      broken.push({ file: sample.name, reason: `larger than ${LARGEST_FILE} bytes` });
    else {
      good.push(sample);
      items.push({ kind: "stretch", path: sample.path, offset: member.offset, size: member.size });
    }
  }
  const classes = options.labels ? labelsOf(good, others, options.labelEntry, where) : undefined;
  return {
    images: { form: "encoded", items },
    names: (index) => good[index]!.name,
    labels: classes?.labels ?? new Uint8Array(good.length),
    classes: classes?.classes ?? [],
    broken,
    note: `${counted(good.length, "image")} (${ending === undefined ? "of several endings" : `.${ending}`}) from ${counted(paths.length, "tar shard")} of ${basename(where)}, ${classes?.note ?? "no labels"}`,
  };
}

/**
 * The ending of the images; undefined where samples have one each, of different endings.
 * @throws UserError when there are none, or samples have several.
 */
function imageEnding(samples: readonly Sample[], entry: string | undefined, where: string): string | undefined {
  const endings = new Set<string>();
  let several: readonly string[] | undefined;
  for (const { members } of samples) {
    const own = [...members.keys()].filter(isImage);
    for (const one of own) endings.add(one);
    if (own.length > 1) several ??= own.map((one) => members.get(one)!.name);
  }
  if (entry !== undefined) {
    const wanted = entry.toLowerCase().replace(/^\./, "");
    if (endings.has(wanted)) return wanted;
    throw new UserError(`${where}: \`entry\` (=${entry}) is not an ending of its images: ${[...endings].join(", ")}`);
  }
  if (endings.size === 0) {
    const found = new Set(samples.flatMap(({ members }) => [...members.keys()]));
    throw new UserError(
      `${where}: its samples have no images; their endings: ${[...found].slice(0, 20).map(quoted).join(", ")}`,
    );
  }
  if (several !== undefined) {
    throw new UserError(
      `${where}: ${several.map(quoted).join(" and ")} are of one sample, whose name ends at the first dot; \`entry\` must name ` +
        `the ending of the images that are wanted: ${[...endings].slice(0, 20).join(", ")}`,
    );
  }
  return endings.size === 1 ? [...endings][0] : undefined;
}

/** Where labels are: an ending, and a key of the JSON. */
interface LabelPlace {
  readonly ending: string;
  readonly key?: string;
}

/** The member of a sample with an ending, or with the only longer one that ends so. */
function memberOf({ name, members }: Sample, ending: string): TarMember | undefined {
  const exact = members.get(ending);
  if (exact !== undefined) return exact;
  const longer = [...members.keys()].filter((one) => one.endsWith(`.${ending}`));
  if (longer.length > 1) {
    throw new UserError(
      `the sample ${quoted(name)} has several labels; \`labelEntry\` must name the ending of one: ${longer.map(quoted).join(", ")}`,
    );
  }
  return members.get(longer[0] ?? "");
}

function labelPlace(samples: readonly Sample[], labelEntry: string | undefined): LabelPlace | undefined {
  if (labelEntry !== undefined) {
    const [ending = "", ...key] = labelEntry.replace(/^\./, "").split(".");
    return ending === "json" ? { ending, key: key.join(".") || "label" } : { ending: labelEntry.replace(/^\./, "") };
  }
  if (samples.some((sample) => memberOf(sample, "cls") !== undefined)) return { ending: "cls" };
  const first = samples.find((sample) => memberOf(sample, "json") !== undefined);
  if (first === undefined) return undefined;
  const [text] = textsOf([first], "json", "");
  return /^\s*\{/.test(text!) && /"label"\s*:/.test(text!) ? { ending: "json", key: "label" } : undefined;
}

/** The texts of the members with an ending. @throws UserError when a sample has none. */
function textsOf(samples: readonly Sample[], ending: string, where: string): string[] {
  const texts: string[] = [];
  for (let at = 0; at < samples.length; ) {
    const { path } = samples[at]!;
    withRandomAccess(path, (file) => {
      for (; at < samples.length && samples[at]!.path === path; at++) {
        const { name } = samples[at]!;
        const member = memberOf(samples[at]!, ending);
        if (member === undefined) {
          throw new UserError(
            `${where}: the sample ${quoted(name)} has no label (.${ending}); \`labels: false\` takes the images without`,
          );
        }
        if (member.size > LARGEST_LABEL)
          throw new UserError(`${where}: the label of ${quoted(name)} has ${member.size} bytes`);
        texts.push(Buffer.from(file.read(member.offset, member.size).buffer).toString());
      }
    });
  }
  return texts;
}

/** @param others - shards of other splits, whose classes count as well */
function labelsOf(
  samples: readonly Sample[],
  others: readonly string[],
  labelEntry: string | undefined,
  where: string,
) {
  const place = labelPlace(samples, labelEntry);
  if (place === undefined) {
    const texts = samples.some((sample) => memberOf(sample, "txt") !== undefined);
    return texts
      ? {
          labels: undefined,
          classes: [],
          note: "no labels (its .txt are taken as texts; `labelEntry: txt` makes them classes)",
        }
      : undefined;
  }
  const { ending, key } = place;
  const texts = textsOf(samples, ending, where);
  const values =
    key === undefined
      ? texts.map((text) => text.trim())
      : texts.map((text, i) => fieldOf(text, key, samples[i]!, where));
  const from = key === undefined ? `.${ending}` : `\`${key}\` of .${ending}`;
  const { forms, ...found } = classesOfTexts(values, `${where}: ${from}`, labelsIn(others, place));
  return { ...found, note: `labels from ${from}${forms}` };
}

/** The labels in shards of other splits, each once. Samples without one are passed over: a test split may have none. */
function labelsIn(paths: readonly string[], { ending, key }: LabelPlace): string[] {
  const found = new Set<string>();
  for (const path of paths) {
    const samples = samplesOf(path).samples.filter((sample) => memberOf(sample, ending) !== undefined);
    for (const text of textsOf(samples, ending, path)) {
      const label = String((key === undefined ? text.trim() : fieldIn(text, key)) ?? "");
      if (label) found.add(label);
    }
  }
  return [...found];
}

function fieldOf(text: string, key: string, { name }: Sample, where: string): string {
  const field = fieldIn(text, key);
  if (typeof field === "string") return field;
  if (typeof field === "number") {
    refuseRounded(field, `${where}: in the .json of ${quoted(name)} \`${key}\``);
    return String(field);
  }
  const problem = field === null ? "is no JSON" : `has no number or text as \`${key}\``;
  throw new UserError(`${where}: the .json of ${quoted(name)} ${problem}`);
}

/** The number or text at a key of a JSON text; undefined where it has none, null where the text is no JSON. */
function fieldIn(text: string, key: string): string | number | null | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  for (const part of key.split(".")) value = (value as Record<string, unknown> | null | undefined)?.[part];
  return typeof value === "string" || typeof value === "number" ? value : undefined;
}

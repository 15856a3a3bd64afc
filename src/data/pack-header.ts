/** What `pack.json` says of a pack, and the pack as it lies on the disk. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { areaOf, storedSize } from "../base/image-size.ts";
import { requireIntact } from "../formats/index.ts";
import { fits } from "./options.ts";

/** Raised whenever the layout of a pack changes, or how files become pixels. */
export const PACK_VERSION = 6;

const range = z.tuple([z.int(), z.int()]);

const headerSchema = z.object({
  version: z.literal(PACK_VERSION),
  name: z.string(),
  note: z.string(),
  /** What of the files was hashed to find this pack again, in words. */
  hashed: z.string(),
  /** SHA-256 of all that training sees: form, classes, labels or conditions, and pixels. Files elsewhere that give it are the same data. */
  contents: z.string(),
  count: z.int().min(1),
  channels: z.union([z.literal(1), z.literal(3), z.literal(4)]),
  size: storedSize,
  classes: z.array(z.string()),
  /** The conditions of each image, where it has these in place of a class, and how they are scaled. */
  conditions: z
    .array(
      z.object({
        name: z.string(),
        kind: z.enum(["flag", "number"]),
        mean: z.number(),
        deviation: z.number(),
        least: z.number(),
        most: z.number(),
      }),
    )
    .optional(),
  /** The label file, where one was read; and one that was not. */
  table: z
    .object({
      file: z.string(),
      columns: z.array(z.string()),
      rows: z.int(),
      withoutRow: z.int(),
      withoutImage: z.int(),
      note: z.string(),
    })
    .optional(),
  unreadTable: z.string().optional(),
  /** What a user should know of names and classes, in words; absent where there is nothing. */
  remarks: z.array(z.string()).optional(),
  fit: z.enum(fits),
  resizer: z.string(),
  /** Smallest and largest width and height before resizing. */
  originals: z.object({ width: range, height: range }),
  /** How many images had pixels that are not opaque: laid over the background, or kept with four channels. */
  transparent: z.int(),
  /** The highest level of images that are all nearly black; absent of others. */
  darkest: z.int().optional(),
  broken: z.array(z.object({ file: z.string(), reason: z.string() })),
  ignored: z.record(z.string(), z.number()),
  /** How many files there are, of a folder or archive: those that are used and all others. */
  total: z.int().optional(),
  /** Classes that no image has, such as those of other splits; absent where each has one. */
  emptyClasses: z.array(z.string()).optional(),
  /** Whether `note` says what was found at a path that is no folder of images. */
  isContainer: z.boolean().optional(),
});

/** What `pack.json` holds. */
export type PackHeader = z.output<typeof headerSchema>;

/** A prepared dataset on the disk. */
export interface Pack {
  readonly folder: string;
  readonly header: PackHeader;
  readonly imagesPath: string;
  readonly labelsPath: string;
  readonly conditionsPath: string;
}

/** Opens a pack. Undefined when there is none, a file has another size than it should, or `pack.json` is damaged. */
export function openPack(folder: string): Pack | undefined {
  const imagesPath = join(folder, "images.u8");
  const labelsPath = join(folder, "labels.i64");
  const conditionsPath = join(folder, "conditions.f32");
  try {
    const path = join(folder, "pack.json");
    const stored: unknown = JSON.parse(readFileSync(path, "utf8"));
    const header = headerSchema.parse(stored);
    requireIntact(path, stored as Record<string, unknown>);
    // The engine's memory map can extend a file that is too short, so sizes are checked before it sees one.
    const { count, channels, size } = header;
    if (statSync(imagesPath).size !== count * channels * areaOf(size)) return undefined;
    if (statSync(labelsPath).size !== count * 8) return undefined;
    const { conditions } = header;
    if (conditions !== undefined && statSync(conditionsPath).size !== count * conditions.length * 4) return undefined;
    return { folder, header, imagesPath, labelsPath, conditionsPath };
  } catch {
    return undefined;
  }
}

/** Sources from listed files of a folder or of a zip archive, with any labels. */
import { UserError } from "../base/errors.ts";
import { fingerprintOf, imageExtensions, type Listed, type Listing } from "./listing.ts";
import { type BrokenFile, type ImageSource, sha256 } from "./source.ts";

/** Listed files with their labels. */
export interface LabelledFiles {
  /** Name for people, such as "celeba (train)". */
  readonly name: string;
  readonly files: readonly Listed[];
  /** A label per file; 0 where there are no classes. */
  readonly labels: ArrayLike<number>;
  readonly classes: readonly string[];
  readonly broken: readonly BrokenFile[];
  readonly ignored: Readonly<Record<string, number>>;
  /** The number of images of the published set, if it is one. */
  readonly published?: number;
}

/** The source of listed files. */
export function listedSource(labelled: LabelledFiles): ImageSource {
  const { name, files, labels, classes, broken, ignored } = labelled;
  return {
    name,
    // Includes all that the pack holds besides pixels: skipped files, and labels from a table.
    fingerprint: sha256(JSON.stringify([name, fingerprintOf(files), broken, ignored, Array.from(labels), classes])),
    open: async () => ({
      images: { form: "encoded", items: (index) => files[index]!.item },
      names: (index) => files[index]!.path,
      labels,
      classes,
      broken,
      ignored,
      note: noteOf(labelled),
    }),
  };
}

/** @throws UserError when nothing in a listing is named like an image. */
export function refuseEmpty(path: string, { files, broken, ignored }: Listing): void {
  if (files.length + broken.length > 0) return;
  const found = Object.entries(ignored).map(([extension, count]) => `${count} ${extension}`);
  const instead = found.length > 0 ? ` (found: ${found.join(", ")})` : "";
  throw new UserError(`${path}: no image files${instead}; accepted endings: ${imageExtensions.join(" ")}`);
}

function noteOf({ name, files, published }: LabelledFiles): string {
  const lossy = files.filter((file) => /\.jpe?g$/i.test(file.path)).length;
  const whole = published === undefined || published === files.length ? "" : ` (the published set has ${published})`;
  const kind = `${files.length} image files from ${name}${whole}`;
  if (lossy === 0) return kind;
  const which = lossy === files.length ? "all" : `${lossy} of them`;
  return `${kind}, ${which} JPEG: pixels differ from a lossless original, and so do scores`;
}

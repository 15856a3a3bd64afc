/** A folder or zip archive of image files, made by any tool: every file, at its own size. */
import { UserError } from "../../base/errors.ts";
import { type Dataset, imageFolder, type PackProgress, packOf } from "../../data/index.ts";
import { datasetImages, type ImageSet } from "./image-set.ts";

/** How a folder is opened. */
export interface FolderOptions {
  readonly path: string;
  /** Sub-folder to use where there are train and test ones. */
  readonly split?: string | undefined;
  /** 1 turns colour to gray. */
  readonly channels: 1 | 3;
  /** Cache folder; default that of all packs. */
  readonly cache?: string | undefined;
  /** Ends the preparation with its reason. */
  readonly stop?: AbortSignal | undefined;
  onProgress?(progress: PackProgress): void;
}

/** Files that are looked at to learn the size of the images. */
const FIRST = 8;

/**
 * The images of a folder or zip archive, none resized and none left out; `jpeg` says whether any was stored as JPEG,
 * whose artefacts scores see.
 *
 * @throws UserError when there is no image, one cannot be read, they are not square, or their sizes differ.
 */
export async function folderImages(options: FolderOptions): Promise<{ images: ImageSet; jpeg: boolean }> {
  const { path, split, channels, onProgress, cache, stop } = options;
  const context = { cache, stop, onProgress };
  // Any side will do to learn the size: what counts is how large the files were before.
  const form = { path, split, channels, labels: false };
  const glance = await packOf(imageFolder({ ...form, size: 4, first: FIRST }), { cache, stop });
  const [side] = glance.header.originals.width;
  const descriptor = imageFolder({ ...form, size: Math.max(side, 4) });
  const pack = await packOf(descriptor, context);
  const { originals, broken, count, note } = pack.header;
  const [width, height] = [originals.width, originals.height];
  if (width[0] !== width[1] || height[0] !== height[1]) {
    const span = ([low, high]: readonly [number, number]) => (low === high ? `${low}` : `${low} to ${high}`);
    throw new UserError(
      `${path}: the images have different sizes, ${span(width)} pixels wide and ${span(height)} high; a score needs one size`,
    );
  }
  if (width[0] !== height[0]) {
    throw new UserError(`${path}: the images are ${width[0]}x${height[0]}; only square ones can be scored`);
  }
  if (side < 4) throw new UserError(`${path}: the images are ${side}x${side}; they must be at least 4x4`);
  const [first] = broken;
  if (first !== undefined) {
    throw new UserError(
      `${path}: ${broken.length} of ${count + broken.length} images cannot be read, the first ${first.file}: ${first.reason}`,
    );
  }
  const dataset: Dataset = await descriptor.build(context);
  return {
    images: { ...datasetImages(dataset), name: split === undefined ? path : `${path} (${split})` },
    jpeg: note.includes("JPEG"),
  };
}

/** A folder or zip archive of image files, made by any tool: every file, at its own size or prepared at another. */
import { UserError } from "../../base/errors.ts";
import { type ImageSize, type Sides, sizeInWords, sizeOf } from "../../base/image-size.ts";
import {
  darkText,
  type HeaderSize,
  imageFolder,
  imageSizes,
  type OpenSource,
  openDataset,
  type Pack,
  type PackProgress,
  packOf,
} from "../../data/index.ts";
import { BYTES } from "../evaluation.ts";
import { datasetImages, type ImageSet } from "./image-set.ts";

/** How a folder is opened. */
export interface FolderOptions {
  readonly path: string;
  /** Sub-folder to use where there are train and test ones. */
  readonly split?: string | undefined;
  /** 1 turns colour to gray. */
  readonly channels: 1 | 3;
  /** Crops and resizes all images to this size, as training does; default: they have one size, and keep it. */
  readonly size?: ImageSize | undefined;
  /** Cache folder; default that of all packs. */
  readonly cache?: string | undefined;
  /** Ends the preparation with its reason. */
  readonly stop?: AbortSignal | undefined;
  onProgress?(progress: PackProgress): void;
}

/** Files that are looked at to learn the size of the images. */
const FIRST = 8;

/** The largest side that can be scored: that of the largest images of a dataset. */
const LARGEST_SIDE = 1024;

/** The images of a folder, and what their scores depend on besides. */
export interface FolderImages {
  readonly images: ImageSet;
  /** How files became bytes. */
  readonly quantiser: string;
  /** Whether any is stored as JPEG, whose artefacts scores see. */
  readonly jpeg: boolean;
  /** How many images of how many files these are, in one line. */
  readonly usage: string | undefined;
  /** What is said of images that are nearly black. */
  readonly dark: string | undefined;
}

/** The gray level behind transparent pixels: white, as viewers show them. */
const BACKGROUND = 255;

/**
 * The images of a folder or zip archive, none left out, and none resized unless a size is given. Transparent pixels are laid
 * over white.
 *
 * @throws UserError when there is no image, one cannot be read, they are too small or too large, or their sizes differ: that
 * is seen by their headers before any is decoded.
 */
export async function folderImages(options: FolderOptions): Promise<FolderImages> {
  const { path, split, channels, onProgress, cache, stop } = options;
  const form = { path, split, channels, labels: false, background: BACKGROUND };
  if (options.size !== undefined) {
    const pack = await packOf(imageFolder({ ...form, size: options.size }), { cache, stop, onProgress });
    return imagesOf(pack, options);
  }
  // Any side will do to learn the size: what counts is how large the files were before.
  const glance = await packOf(imageFolder({ ...form, size: 4, first: FIRST }), { cache, stop });
  const first = { height: glance.header.originals.height[0], width: glance.header.originals.width[0] };
  refuseSize(path, first);
  const examine = (source: OpenSource) => requireOneSize(path, source, stop);
  const descriptor = imageFolder({ ...form, size: sizeOf(first) });
  const pack = await packOf(descriptor, { cache, stop, onProgress, examine });
  const { originals } = pack.header;
  // A pack that training has made already: it takes images of all sizes.
  const [width, height] = [originals.width, originals.height];
  if (width[0] !== width[1] || height[0] !== height[1]) {
    const span = ([low, high]: readonly [number, number]) => (low === high ? `${low}` : `${low} to ${high}`);
    throw new UserError(
      `${path}: the images have different sizes, ${span(width)} pixels wide and ${span(height)} high; a score needs one size: \`--size\` prepares all at one`,
    );
  }
  return imagesOf(pack, options);
}

/** @throws UserError when an image cannot be read. */
function imagesOf(pack: Pack, { path, split, size }: FolderOptions): FolderImages {
  const { broken, count, note, transparent } = pack.header;
  const [lost] = broken;
  if (lost !== undefined) {
    throw new UserError(
      `${path}: ${broken.length} of ${count + broken.length} images cannot be read, the first ${lost.file}: ${lost.reason}`,
    );
  }
  const dataset = openDataset(pack, { flip: false, labels: false });
  return {
    images: { ...datasetImages(dataset), name: split === undefined ? path : `${path} (${split})` },
    quantiser: [
      BYTES,
      ...(transparent > 0 ? [`${transparent} of ${count} with transparency laid over white`] : []),
      ...(size === undefined ? [] : [`prepared at ${sizeInWords(pack.header.size)}`]),
    ].join(", "),
    jpeg: note.includes("JPEG"),
    usage: dataset.usage,
    dark: darkText(pack.header),
  };
}

function refuseSize(path: string, sides: Sides): void {
  const size = sizeInWords(sizeOf(sides));
  if (Math.min(sides.height, sides.width) < 4) {
    throw new UserError(`${path}: the images are ${size}; they must be at least 4 x 4`);
  }
  if (Math.max(sides.height, sides.width) > LARGEST_SIDE) {
    throw new UserError(
      `${path}: the images are ${size}; at most ${LARGEST_SIDE} x ${LARGEST_SIDE} can be scored: reduce them first, ` +
        "all by the same resizer",
    );
  }
}

/** Looks at the headers of all images. @throws UserError when two sizes differ. */
async function requireOneSize(path: string, source: OpenSource, stop: AbortSignal | undefined): Promise<void> {
  let first: HeaderSize | undefined;
  for await (const size of imageSizes(source, stop)) {
    first ??= size;
    if (size.width === first.width && size.height === first.height) continue;
    const text = (one: HeaderSize): string => `${one.name} is ${sizeInWords(sizeOf(one))}`;
    throw new UserError(
      `${path}: the images have different sizes, ${text(first)} and ${text(size)}; a score needs one size: \`--size\` prepares all at one`,
    );
  }
}

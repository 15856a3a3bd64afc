/**
 * CelebA-HQ: 30,000 of CelebA's photographs, restored and aligned to 1024 x 1024 pixels (Karras, Aila, Laine and Lehtinen,
 * "Progressive Growing of GANs", ICLR 2018). A folder of images without classes.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import type { ContentsOptions } from "../contents.ts";
import { defineImageDataset } from "../define.ts";
import { listedSource, refuseEmpty } from "../listed-source.ts";
import { filesIn, listImages } from "../listing.ts";
import { datasetFolder, howToGet } from "../named.ts";
import { path, photographs } from "../options.ts";
import type { ImageSource } from "../source.ts";

/** The folder of the images in CelebAMask-HQ, which has masks as well. */
const IMAGES = "CelebA-HQ-img";

/**
 * Opens the folder or zip archive.
 * @throws UserError when it is not there or holds no image.
 */
export async function celebaHqSource(path: string | undefined, options: ContentsOptions = {}): Promise<ImageSource> {
  const root = datasetFolder("celeba-hq", path);
  const found = [join(root, IMAGES), join(root, "CelebAMask-HQ", IMAGES), root].find((folder) => existsSync(folder));
  if (found === undefined) throw new UserError(`celeba-hq: there is no ${root}; ${howToGet("celeba-hq")}`);
  const listing = await listImages(found, "", options.stop);
  refuseEmpty(found, listing);
  const { files, broken, ignored } = listing;
  const labels = new Uint8Array(files.length);
  const total = filesIn(listing);
  const labelled = { name: "celeba-hq", files, labels, classes: [], broken, ignored, total, published: 30_000 };
  return listedSource(labelled, options);
}

/**
 * CelebA-HQ, brought by hand: see docs/how-to/data/published-sets.md.
 *
 * - `path`: the folder (or zip archive) of images, with or without sub-folders, or the one that holds CelebA-HQ-img;
 *   default: `celeba-hq` among the datasets
 * - `size` (default 64), `channels` (default 3), `fit` (default `crop`), `background` (default 255)
 * - `flip`, `first`: see docs/how-to/data/own-images.md. There are no classes.
 *
 * Building it throws UserError, with what to put where, when the files are not there.
 *
 * @example
 * celebaHq({ path: "/data/celeba-hq", size: 128, flip: true })
 */
export const celebaHq = defineImageDataset(
  "celebaHq",
  z.strictObject({
    path,
    ...photographs,
  }),
  ({ path }, context) => celebaHqSource(path, context),
  {
    name: "celeba-hq",
    byHand: (folder) =>
      "get CelebAMask-HQ by way of https://github.com/switchablenorms/CelebAMask-HQ and put its folder CelebA-HQ-img (30,000 " +
      `files, 0.jpg to 29999.jpg) in ${folder}; a folder of images from elsewhere is given as \`path\``,
  },
);

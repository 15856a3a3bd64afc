/**
 * Feature networks from classifier files: the three that Gantry ships, and those of one's own.
 *
 * Their scores compare generators of the same kind of images with each other. They are not Inception's, and carry the
 * classifier's name so that nobody takes them for it.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { suggestion, UserError } from "../../base/errors.ts";
import { sha256 } from "../../data/index.ts";
import { readBytes } from "../../formats/index.ts";
import { type ClassifierInfo, readClassifier } from "../../models/index.ts";
import { type Device, Tensor } from "../../tensor/index.ts";
import { resizeAntialiased } from "./antialiased.ts";
import { type FeatureNetwork, inChunks } from "./feature-network.ts";

/** The classifiers that come with Gantry. */
export const classifierNames: readonly string[] = [
  "mnist-classifier",
  "fashion-mnist-classifier",
  "cifar10-classifier",
];

/** Images in one pass: bounds the memory of a call with very many. */
const CHUNK = 250;

/** The file of a shipped classifier; the folder is three levels up from here in the sources as in dist/. */
export function classifierPath(name: string): string {
  return fileURLToPath(new URL(`../../../weights/${name}.safetensors`, import.meta.url));
}

/**
 * Opens a shipped classifier by its name, or a classifier file by its path, as a feature network.
 *
 * The network's name is `<dataset>-classifier`, with the dataset's name from the file. Its features are the pooled
 * activations before the last layer, at least 0.
 *
 * @throws UserError when there is neither, or the file is no whole classifier.
 *
 * @example
 * const network = openClassifier("mnist-classifier", { device: "cpu" });
 * const { features, logits } = network.forward(bytes); // uint8 [N, 1, 28, 28] -> [N, 64], [N, 10]
 */
export function openClassifier(nameOrPath: string, { device }: { readonly device: Device }): FeatureNetwork {
  const path = fileOf(nameOrPath);
  const hash = sha256(readBytes(path));
  const { network, info } = readClassifier(path, device);
  return {
    name: `${info.name}-classifier`,
    hash,
    resizer: resizerOf(info),
    dimensions: network.dimensions,
    classes: info.classes,
    forward(images) {
      return inChunks(this.name, images, CHUNK, (chunk) => network.forward(prepare(chunk.to({ device }), info)));
    },
    dispose: () => network.dispose(),
  };
}

function fileOf(nameOrPath: string): string {
  if (classifierNames.includes(nameOrPath)) return classifierPath(nameOrPath);
  if (existsSync(nameOrPath)) return nameOrPath;
  const names = classifierNames.join(", ");
  throw new UserError(
    `\`${nameOrPath}\` is neither a classifier's file nor one of ${names}${suggestion(nameOrPath, classifierNames)}`,
  );
}

/** What {@link prepare} does, in words that change when it does. */
function resizerOf({ network: { channels, size }, paddedFrom }: ClassifierInfo): string {
  const colour =
    channels === 1 ? "colour to gray by ITU-R 601 luma in bytes (as Pillow)" : "gray repeated to three channels";
  const padded = paddedFrom === undefined ? "" : `${paddedFrom}x${paddedFrom} padded with black to ${size}x${size}; `;
  return (
    `${colour}; ${size}x${size} as it is; ${padded}any other size stretched to ${size}x${size} by antialiased bilinear ` +
    "(triangle filter, float32, not rounded); bytes / 127.5 - 1"
  );
}

/** Bytes [N, 1 or 3, H, W] as the network takes them: float32 [N, channels, size, size] in [-1, 1]. */
function prepare(images: Tensor, { network: { channels, size }, paddedFrom }: ClassifierInfo): Tensor {
  const [count, given, height, width] = images.shape as [number, number, number, number];
  let levels = images.float();
  if (given === 3 && channels === 1) levels = luma(levels);
  if (given === 1 && channels === 3) levels = levels.expand([count, 3, height, width]);
  if (height !== size || width !== size) {
    if (height === paddedFrom && width === paddedFrom) {
      const before = Math.floor((size - paddedFrom) / 2);
      const after = size - paddedFrom - before;
      levels = levels.constantPad([before, after, before, after], 0);
    } else levels = resizeAntialiased(levels, size, size);
  }
  return levels.div(127.5).add(-1);
}

/**
 * Gray bytes from red, green and blue: floor((19595 R + 38470 G + 7471 B + 2^15) / 2^16), which is 0.299 R + 0.587 G +
 * 0.114 B rounded as Pillow does it. Every number on the way is a whole one below 2^24, so float32 is exact.
 */
function luma(levels: Tensor): Tensor {
  const factors = Tensor.fromArray([19595, 38470, 7471], [1, 3, 1, 1]).to({ device: levels.device });
  return levels.mul(factors).sum([1], true).add(32768).div(65536).floor();
}

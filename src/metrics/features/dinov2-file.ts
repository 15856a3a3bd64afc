/**
 * The weights of DINOv2: their place, and the conversion of a published file (`dinov2_vitb14_pretrain.pth` and its like),
 * which the user brings. It is not part of Gantry.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { cacheFolder, sha256OfFile } from "../../data/index.ts";
import { readStateDict } from "../../formats/index.ts";
import { VisionTransformer, visionTransformerShape } from "../../models/index.ts";
import { Generator, scope } from "../../tensor/index.ts";
import {
  type ConvertedWeights,
  fromSafetensors,
  type Imported,
  readConverted,
  requireFinite,
  writeConverted,
} from "./converted-weights.ts";

/** Where the converted weights are kept: `weights/dinov2.safetensors` in the cache folder. */
export function dinov2Path(): string {
  return join(cacheFolder(), "weights", "dinov2.safetensors");
}

/** @throws UserError when the weights are not there or are damaged. */
export function readDinov2(path: string = dinov2Path()): ConvertedWeights {
  const missing =
    `DINOv2's weights are not here (${path}): bring dinov2_vitb14_pretrain.pth (or that of S or L, without registers) from ` +
    "https://github.com/facebookresearch/dinov2 with `gantry data dinov2 FILE`, or use inception or a built-in classifier";
  return readConverted(path, missing, "gantry data dinov2");
}

/**
 * Converts a state dict (.pth, or .safetensors) to the file that {@link readDinov2} reads, atomically, after checking every
 * name and shape, and that all numbers are finite. The size (S, B, L) follows from the shapes.
 *
 * @throws UserError when the file cannot be read or is no vision transformer of DINOv2.
 *
 * @example
 * await importDinov2("dinov2_vitb14_pretrain.pth");
 */
export async function importDinov2(
  file: string,
  { target = dinov2Path() }: { readonly target?: string } = {},
): Promise<Omit<Imported, "official"> & { readonly width: number; readonly depth: number }> {
  if (!existsSync(file)) throw new UserError(`cannot read ${file}: there is no such file`);
  const weights = file.endsWith(".safetensors")
    ? await fromSafetensors(file)
    : { state: readStateDict(file), hash: await sha256OfFile(file) };
  const state = new Map([...weights.state].filter(([name]) => name !== "mask_token"));
  try {
    const shape = visionTransformerShape(state);
    scope(() => {
      const network = new VisionTransformer({ rng: new Generator(0), device: "cpu" }, shape);
      try {
        network.loadStateDict(state);
      } finally {
        network.dispose();
      }
    });
    requireFinite(state);
    writeConverted(target, { state, hash: weights.hash });
    return { path: target, hash: weights.hash, width: shape.width, depth: shape.depth };
  } catch (error) {
    throw error instanceof UserError ? new UserError(`${file}: no weights of DINOv2: ${error.message}`) : error;
  }
}

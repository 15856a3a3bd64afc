/**
 * The weights of Inception: their place, the conversion of the published file, and the checks.
 *
 * The published file is `pt_inception-2015-12-05-6726825d.pth` of the pytorch-fid project, which torch-fidelity
 * distributes under another name; both were converted from TensorFlow's `inception-2015-12-05.tgz`. It is not part of
 * Gantry.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { cacheFolder, type OfficialFile, sha256OfFile } from "../../data/index.ts";
import { readStateDict } from "../../formats/index.ts";
import { InceptionV3 } from "../../models/index.ts";
import { Generator, scope, type Tensor } from "../../tensor/index.ts";
import {
  type ConvertedWeights,
  fromSafetensors,
  type Imported,
  readConverted,
  requireFinite,
  writeConverted,
} from "./converted-weights.ts";
import { isTorchScript, readInceptionScript } from "./inception-script.ts";

/**
 * The published file. Its name carries the first 8 digits of the SHA-256, as PyTorch's hub checks them; the whole sum
 * and the size are those that several independent projects record for the file.
 */
export const inceptionFile: OfficialFile = {
  name: "pt_inception-2015-12-05-6726825d.pth",
  urls: [
    "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
  ],
  sha256: "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
  bytes: 95_628_359,
};

/** Where the converted weights are kept: `weights/inception-2015-12-05.safetensors` in the cache folder. */
export function inceptionPath(): string {
  return join(cacheFolder(), "weights", "inception-2015-12-05.safetensors");
}

/**
 * Reads weights that {@link importInception} wrote, and checks every byte of the tensors.
 *
 * @throws UserError when the file is missing (saying how to get it, and what there is without), is no such file, or is
 * damaged.
 */
export function readInception(path: string = inceptionPath()): ConvertedWeights {
  const missing =
    `Inception's weights are not here (${path}): get them with \`gantry data inception [FILE]\`, or use a built-in ` +
    "classifier: mnist-classifier, fashion-mnist-classifier, cifar10-classifier";
  return readConverted(path, missing, "gantry data inception");
}

/** Options of the conversion. */
export interface ImportOptions {
  /** Where to write; default {@link inceptionPath}. */
  readonly target?: string | undefined;
  /**
   * Take weights that are not the published ones, too: scores carry their hash and compare with no others. Default
   * false.
   */
  readonly anyHash?: boolean | undefined;
}

/**
 * Converts a state dict (.pth, .safetensors, or NVIDIA's TorchScript file) to the file that {@link readInception} reads, atomically, after
 * checking its SHA-256, every name and shape, and that all numbers are finite.
 *
 * A .safetensors file of an earlier conversion keeps the hash of the .pth that it was made of.
 *
 * @throws UserError when the file cannot be read, has another hash (unless `anyHash`), or is no Inception v3.
 *
 * @example
 * await importInception("pt_inception-2015-12-05-6726825d.pth");
 */
export async function importInception(file: string, options: ImportOptions = {}): Promise<Imported> {
  const { target = inceptionPath(), anyHash = false } = options;
  if (!existsSync(file)) throw new UserError(`cannot read ${file}: there is no such file`);
  const { state, hash } = file.endsWith(".safetensors") ? await fromSafetensors(file) : await fromPth(file, anyHash);
  const official = hash === inceptionFile.sha256;
  if (!official && !anyHash) throw wrongHash(file, hash);
  checkState(state, file);
  writeConverted(target, { state, hash });
  return { path: target, hash, official };
}

/** What an earlier conversion left at `path`, when that is the published weights and whole; else undefined. */
export function presentInception(path: string = inceptionPath()): Imported | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const { hash } = scope(() => ({ hash: readInception(path).hash }));
    return hash === inceptionFile.sha256 ? { path, hash, official: true } : undefined;
  } catch (error) {
    // Damaged, or something else: it is made again.
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

async function fromPth(file: string, anyHash: boolean): Promise<ConvertedWeights> {
  const hash = await sha256OfFile(file);
  // Before it is read: for a wrong or incomplete file, the sum is the clearest message.
  if (hash !== inceptionFile.sha256 && !anyHash) throw wrongHash(file, hash);
  return { state: isTorchScript(file) ? readInceptionScript(file) : readStateDict(file), hash };
}

function wrongHash(file: string, hash: string): UserError {
  return new UserError(
    `${file}: its SHA-256 is ${hash}, not ${inceptionFile.sha256} of ${inceptionFile.name}; scores from other weights ` +
      "compare with nobody's: give --any-hash to use them all the same",
  );
}

/** Names and shapes by loading them, then the numbers. */
function checkState(state: ReadonlyMap<string, Tensor>, file: string): void {
  scope(() => {
    const network = new InceptionV3({ rng: new Generator(0), device: "cpu" }, { init: () => {} });
    try {
      network.loadStateDict(state);
      requireFinite(state);
    } catch (error) {
      throw error instanceof UserError ? new UserError(`${file}: no weights of Inception v3: ${error.message}`) : error;
    } finally {
      network.dispose();
    }
  });
}

/**
 * Files of weights that Gantry has converted from published ones: .safetensors whose metadata say which file they were made
 * of, and hold a sum over the tensors, which is checked whenever they are read.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { sha256OfFile } from "../../data/index.ts";
import { readSafetensors, writeSafetensors } from "../../formats/index.ts";
import { bytesOf, noGrad, scope, type Tensor } from "../../tensor/index.ts";

/** Metadata of the converted file. */
const SOURCE = "source_sha256";
const TENSORS = "tensors_sha256";

/** Weights, and where they come from. */
export interface ConvertedWeights {
  readonly state: ReadonlyMap<string, Tensor>;
  /** SHA-256 of the file that they were converted from: the hash that other tools use. */
  readonly hash: string;
}

/** What a conversion wrote. */
export interface Imported {
  readonly path: string;
  /** The hash in scores. */
  readonly hash: string;
  /** Whether these are the weights that published scores were computed with, as far as Gantry knows their sum. */
  readonly official: boolean;
}

/**
 * Reads weights that {@link writeConverted} wrote, and checks every byte of the tensors.
 *
 * @param missing - what to say where there is no such file
 * @param command - the command that makes it, such as `gantry data inception`
 * @throws UserError when the file is missing, is no such file, or is damaged.
 */
export function readConverted(path: string, missing: string, command: string): ConvertedWeights {
  if (!existsSync(path)) throw new UserError(missing);
  const { tensors, metadata } = readSafetensors(path);
  const hash = metadata[SOURCE];
  const sum = metadata[TENSORS];
  if (hash === undefined || sum === undefined) {
    throw new UserError(`${path}: it does not say which file it was made of; make it with \`${command} FILE\``);
  }
  const actual = hashOfTensors(tensors);
  if (actual !== sum) {
    throw new UserError(
      `${path}: damaged: the SHA-256 of its tensors is ${actual}, not ${sum}; make it again with \`${command}\``,
    );
  }
  return { state: tensors, hash };
}

/** Writes weights, atomically. */
export function writeConverted(path: string, { state, hash }: ConvertedWeights): void {
  writeSafetensors(path, state, { [SOURCE]: hash, [TENSORS]: hashOfTensors(state) });
}

/** Weights of a .safetensors file: one of an earlier conversion keeps the hash of the file that it was made of. */
export async function fromSafetensors(file: string): Promise<ConvertedWeights> {
  const { tensors, metadata } = readSafetensors(file);
  const source = metadata[SOURCE];
  if (source !== undefined && metadata[TENSORS] === hashOfTensors(tensors)) return { state: tensors, hash: source };
  return { state: tensors, hash: await sha256OfFile(file) };
}

/** @throws UserError naming the first tensor with a value that is not finite. */
export function requireFinite(state: ReadonlyMap<string, Tensor>): void {
  for (const [name, tensor] of state) {
    if (!scope(() => noGrad(() => tensor.isfinite().all().item())))
      throw new UserError(`\`${name}\` has values that are not finite`);
  }
}

/** SHA-256 over names, types, shapes and bytes of all tensors in order. */
function hashOfTensors(tensors: ReadonlyMap<string, Tensor>): string {
  const hash = createHash("sha256");
  for (const [name, tensor] of tensors) {
    hash.update(`${JSON.stringify([name, tensor.dtype, tensor.shape])}\n`);
    scope(() => hash.update(bytesOf(tensor)));
  }
  return hash.digest("hex");
}

/**
 * Averages of G's weights that the technique `powerAveraging` stores over a run, one file for a step:
 *
 *     averages/step-000500.safetensors    tensors "std 0.05: <name>", one for each length and each tensor of G
 */
import { join } from "node:path";
import { makeFolder, namesIn, readSafetensors, readSafetensorsHeader, writeSafetensors } from "../../formats/index.ts";
import { noGradScope, Tensor } from "../../tensor/index.ts";

/** One stored average. */
export interface Snapshot {
  readonly file: string;
  readonly step: number;
  readonly std: number;
}

const PREFIX = /^std ([\d.e-]+): /;

/** Writes the averages of a step. */
export function writeSnapshot(folder: string, step: number, tensors: ReadonlyMap<string, Tensor>): void {
  makeFolder(folder);
  writeSafetensors(join(folder, `step-${String(step).padStart(6, "0")}.safetensors`), tensors);
}

/**
 * The stored averages up to a step, oldest first.
 * @throws UserError when a file cannot be read.
 */
export function listSnapshots(folder: string, upTo: number): Snapshot[] {
  const files = namesIn(folder)
    .map((name) => ({
      file: join(folder, name),
      step: Number(/^step-(\d+)\.safetensors$/.exec(name)?.[1] ?? Number.NaN),
    }))
    .filter(({ step }) => step <= upTo)
    .sort((a, b) => a.step - b.step);
  return files.flatMap(({ file, step }) => {
    const stds = new Set(readSafetensorsHeader(file).tensors.map(({ name }) => PREFIX.exec(name)?.[1]));
    return [...stds].flatMap((std) => (std === undefined ? [] : [{ file, step, std: Number(std) }]));
  });
}

/** The sum of averages, each times its factor, by the names in G's state dict. Counters and the like are those of the last. */
export function combineSnapshots(snapshots: readonly Snapshot[], weights: readonly number[]): Map<string, Tensor> {
  const sums = new Map<string, Tensor>();
  for (const [i, { file, std }] of snapshots.entries()) {
    const prefix = `std ${std}: `;
    const { tensors } = readSafetensors(file);
    for (const [stored, tensor] of tensors) {
      if (!stored.startsWith(prefix)) continue;
      const name = stored.slice(prefix.length);
      // Of spectral norm's vectors, as of counters, a sum has no meaning.
      const whole = tensor.dtype.startsWith("int") || /weight_[uv]$/.test(name);
      const sum = sums.get(name) ?? Tensor.zeros(tensor.shape, { dtype: whole ? tensor.dtype : "float64" });
      noGradScope(() => (whole ? sum.copy_(tensor) : sum.add_(tensor.double(), weights[i]!)));
      sums.set(name, sum);
    }
    for (const tensor of tensors.values()) tensor.dispose();
  }
  return sums;
}

/** Runs that begin with another run's networks: what they take over, what starts again, and what they refuse. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSafetensors } from "../../src/formats/index.ts";
import { dcgan, mlp, noisyMlp } from "../../src/models/index.ts";
import {
  dataDependentInitialisation,
  historicalAveraging,
  virtualBatchNorm,
  weightAveraging,
} from "../../src/techniques/index.ts";
import { scope } from "../../src/tensor/index.ts";
import { openRun, RunDirectory, startRun } from "../../src/training/index.ts";
import { linesOf, newDirectory, recipe, stopAfter } from "./short-run.ts";
import { noiseImages, tinyConvolutions, tinyRecipe } from "./tiny.ts";

/** The numbers of one file of a checkpoint, by name. */
function numbersIn(checkpoint: string, file: "generator" | "discriminator" | "state"): Record<string, number[]> {
  return scope(() => {
    const { tensors } = readSafetensors(join(checkpoint, `${file}.safetensors`));
    return Object.fromEntries([...tensors].map(([name, tensor]) => [name, Array.from(tensor.toArray(), Number)]));
  });
}

const networksIn = (checkpoint: string) => [numbersIn(checkpoint, "generator"), numbersIn(checkpoint, "discriminator")];
const stepIn = (directory: string, step: number): string =>
  join(directory, "checkpoints", `step-${String(step).padStart(6, "0")}`);

/** A trained run of which networks are taken. */
async function trained(): Promise<string> {
  const directory = newDirectory();
  await startRun(recipe, { directory }).train();
  return directory;
}

describe("a run that begins with another's networks", () => {
  it("has them at step 0, and optimizers and steps of its own", async () => {
    const from = await trained();
    const directory = newDirectory();
    const longer = tinyRecipe({ steps: 4, seed: 9, checkpoint: { every: 2, keep: 9 } });
    await startRun(longer, { directory, from }).train();
    expect(networksIn(stepIn(directory, 0))).toEqual(networksIn(stepIn(from, 6)));
    expect(networksIn(stepIn(directory, 2))).not.toEqual(networksIn(stepIn(from, 6)));
    const moments = Object.entries(numbersIn(stepIn(directory, 0), "state")).filter(([name]) => /exp_avg/.test(name));
    expect(moments).toHaveLength(16);
    for (const [, values] of moments) expect(values.every((value) => value === 0)).toBe(true);
    expect(linesOf(directory)[0]).toMatchObject({ event: "start", step: 0 });
    expect(new RunDirectory(directory).description().from).toBe(stepIn(from, 6));
    expect(readFileSync(join(directory, "report.md"), "utf8")).toContain(
      `Began with the networks of \`${stepIn(from, 6)}\`.`,
    );
  });

  it("takes the checkpoint whose folder is named", async () => {
    const from = await trained();
    const directory = newDirectory();
    await startRun(recipe, { directory, from: stepIn(from, 4) }).train();
    expect(new RunDirectory(directory).description().from).toBe(stepIn(from, 4));
    // The recipe keeps its newest two checkpoints, so step 0 is gone: the first line says which step it began with.
    expect(linesOf(directory)[0]).toMatchObject({ event: "start", step: 0 });
  });

  it("keeps them from an initialisation that looks at data", async () => {
    const weightNormed = {
      generator: noisyMlp.generator({ latent: 4, hidden: [8] }),
      discriminator: noisyMlp.discriminator({ hidden: [8] }),
      techniques: [dataDependentInitialisation({ images: 8 })],
      steps: 1,
      checkpoint: { keep: 9 },
    };
    const from = newDirectory();
    await startRun(tinyRecipe(weightNormed), { directory: from }).train();
    const directory = newDirectory();
    await startRun(tinyRecipe(weightNormed), { directory, from }).train();
    expect(networksIn(stepIn(directory, 0))).toEqual(networksIn(stepIn(from, 1)));
  });

  it("keeps the reference batch of virtual batch norm, by which these networks normalise", async () => {
    const normed = {
      ...tinyConvolutions,
      discriminator: dcgan.discriminator({ width: 2, batchNorm: true }),
      techniques: [virtualBatchNorm({ in: "both", size: 3 })],
      steps: 1,
      checkpoint: { keep: 9 },
    };
    const from = newDirectory();
    await startRun(tinyRecipe(normed), { directory: from }).train();
    const directory = newDirectory();
    await startRun(tinyRecipe({ ...normed, seed: 5 }), { directory, from }).train();
    const [generator, discriminator] = networksIn(stepIn(directory, 0));
    expect(generator!.reference!.length).toBe(3 * 4);
    expect([generator, discriminator]).toEqual(networksIn(stepIn(from, 1)));
  });

  it("chooses another reference batch of virtual batch norm for other classes", async () => {
    const conditional = (classes: number) =>
      tinyRecipe({
        data: noiseImages({ classes }) as never,
        generator: dcgan.generator({ latent: 4, width: 2, conditional: true }),
        discriminator: dcgan.discriminator({ width: 2, batchNorm: true, conditional: true }),
        techniques: [virtualBatchNorm({ in: "both", size: 8 })],
        steps: 1,
        seed: classes,
        checkpoint: { keep: 9 },
      });
    const from = newDirectory();
    await startRun(conditional(4), { directory: from }).train();
    const directory = newDirectory();
    await startRun(conditional(2), { directory, from }).train();
    const before = networksIn(stepIn(from, 1));
    expect(before.flatMap(({ reference_labels }) => reference_labels).some((label) => label! > 1)).toBe(true);
    for (const [i, { reference, reference_labels }] of networksIn(stepIn(directory, 0)).entries()) {
      expect(Math.max(...reference_labels!)).toBeLessThan(2);
      expect(reference!.some((value) => value !== 0)).toBe(true);
      expect(reference).not.toEqual(before[i]!.reference);
    }
  });

  it("shows techniques the networks that it begins with", async () => {
    const from = await trained();
    const directory = newDirectory();
    const techniques = [weightAveraging({ decay: 0.5 }), historicalAveraging()];
    await startRun(tinyRecipe({ steps: 1, techniques, checkpoint: { keep: 9 } }), { directory, from }).train();
    const state = numbersIn(stepIn(directory, 0), "state");
    for (const [name, values] of Object.entries(numbersIn(stepIn(from, 6), "generator"))) {
      expect(state[`technique.weightAveraging/${name}`]).toEqual(values);
      expect(state[`technique.historicalAveraging/generator.${name}`]).toEqual(values);
    }
  });

  it("does not need the other run any more once it has begun, and continues with the same bits", async () => {
    const from = await trained();
    const whole = newDirectory();
    await startRun(recipe, { directory: whole, from }).train();
    const directory = newDirectory();
    const source = newDirectory();
    cpSync(from, source, { recursive: true });
    await stopAfter(startRun(recipe, { directory, from: source }), 2);
    rmSync(source, { recursive: true });
    rmSync(stepIn(directory, 2), { recursive: true });
    await (await openRun(directory)).train();
    expect(networksIn(stepIn(directory, 6))).toEqual(networksIn(stepIn(whole, 6)));
  });

  it("refuses weights that are not as they were written", async () => {
    const from = await trained();
    const file = join(stepIn(from, 6), "generator.safetensors");
    const bytes = readFileSync(file);
    bytes[bytes.length - 2]! ^= 1;
    writeFileSync(file, bytes);
    await expect(startRun(recipe, { directory: newDirectory(), from }).train()).rejects.toThrow(
      "generator.safetensors is damaged: its CRC-32 is",
    );
  });

  it("refuses what is no checkpoint, a run without one, and networks of another build", async () => {
    const from = await trained();
    const begin = (path: string, other = recipe) => startRun(other, { directory: newDirectory(), from: path });
    expect(() => begin("/nowhere")).toThrow(/^\/nowhere is neither a run nor a checkpoint of one/);
    const empty = newDirectory();
    mkdirSync(empty, { recursive: true });
    cpSync(join(from, "recipe.json"), join(empty, "recipe.json"));
    expect(() => begin(empty)).toThrow(/has no checkpoint yet, so there are no networks to begin with/);
    const wider = tinyRecipe({ generator: mlp.generator({ latent: 4, hidden: [16] }) });
    await expect(begin(from, wider).train()).rejects.toThrow(
      /the generator of .*step-000006 does not fit the one of this run: state dict: `.*` has shape \[8, 4\], this network needs \[16, 4\]/,
    );
  });
});

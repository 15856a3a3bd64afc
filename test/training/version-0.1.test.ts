/**
 * A run of version 0.1, stopped after 6 of 12 steps: test/fixtures/run-0.1. Version 0.1 made it, and its weights of step 12 (in
 * `end/`), with
 *
 *     gantry train mixture --steps 12 --threads 1 --set batchSize=16 --set generator.hidden=[8] --set discriminator.hidden=[8] \
 *       --set log.every=4 --set checkpoint.every=6 --set evaluate.every=6 --set evaluate.samples=100 --set samples.every=6 \
 *       --set samples.count=16
 */
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSafetensors } from "../../src/formats/index.ts";
import { openRun, RunDirectory, sampleRun } from "../../src/training/index.ts";
import { expectClose } from "../nn/oracle.ts";
import { newDirectory } from "./short-run.ts";

const fixture = join(import.meta.dirname, "../fixtures/run-0.1");

it("a run of version 0.1 is sampled and resumed, and ends with the weights that version 0.1 gave it", async () => {
  const directory = newDirectory();
  cpSync(fixture, directory, { recursive: true });
  mkdirSync(join(directory, "samples"));
  // What 0.1 called the chart of D's outputs would stay that of step 6.
  writeFileSync(join(directory, "judgements.svg"), "<svg/>");
  expect((await sampleRun(directory, { count: 3, seed: 0 })).shape).toEqual([3, 2]);
  const { checkpoint } = await (await openRun(directory)).train();
  for (const file of ["generator.safetensors", "discriminator.safetensors"]) {
    const [found, wanted] = [checkpoint!, join(fixture, "end")].map(
      (folder) => readSafetensors(join(folder, file)).tensors,
    );
    expect([...found!.keys()]).toEqual([...wanted!.keys()]);
    for (const [name, tensor] of wanted!) {
      expectClose(found!.get(name)!, Array.from(tensor.toArray(), Number), { atol: 1e-5, rtol: 1e-5, label: name });
    }
  }
  const run = new RunDirectory(directory);
  expect(run.ticks().map(({ step }) => step)).toEqual([4, 8, 12]);
  expect(run.evaluations().map(({ step }) => step)).toEqual([6, 12]);
  expect(readdirSync(directory).filter((name) => name.endsWith(".svg"))).not.toContain("judgements.svg");
});

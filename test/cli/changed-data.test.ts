/** Commands that look at a run's data say that these are not those that it was trained on. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect, it } from "vitest";
import { openReal, type Subject } from "../../src/cli/evaluate/subject.ts";
import { writeNeighbours } from "../../src/cli/sample/sheet.ts";
import { type DataDescriptor, imageFolder } from "../../src/data/index.ts";
import { Evidence } from "../../src/diagnosis/evidence.ts";
import { mlp } from "../../src/models/index.ts";
import type { RecipeInput } from "../../src/recipe/index.ts";
import { drawNeighbours, drawTest } from "../../src/studio/engine/images.ts";
import { openCheckpoint, RunDirectory, sampleRun, startRun } from "../../src/training/index.ts";
import { temporaryFolder, tinyRecipe } from "../training/tiny.ts";

it("images that were changed after the training are said, or refused where the answer would be of others", async () => {
  const folder = temporaryFolder();
  const [path, run, file] = ["photos", "run", "sheet.png"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(path);
  const write = (name: string, level: number): Promise<unknown> =>
    sharp(new Uint8Array(256).fill(level), { raw: { width: 16, height: 16, channels: 1 } })
      .png()
      .toFile(join(path, name));
  for (let i = 0; i < 4; i++) await write(`${i}.png`, 40 * i);
  const data = imageFolder({ path, size: 16, channels: 1 }) as RecipeInput["data"];
  const parts = {
    generator: mlp.generator({ latent: 4, hidden: [8] }),
    discriminator: mlp.discriminator({ hidden: [8] }),
  };
  await startRun(tinyRecipe({ data, ...parts, steps: 1, batchSize: 2 }), { directory: run }).train();

  const told = async () => {
    const samples = await sampleRun(run, { count: 1, seed: 0 });
    const { changed } = await writeNeighbours(run, samples, 1, file);
    const opened = { ...(await openCheckpoint(run, "last")), path: run };
    const common = { path: run, step: 1, stamp: "", averaged: true };
    const sample = { seed: 0, index: 0 };
    const { note } = await drawNeighbours(opened, { ...common, task: "neighbours", sample, count: 1 } as never);
    const test = { ...common, task: "test", seed: 0, count: 1, firstReal: 0, order: [0, 1] };
    const tested = await drawTest(opened, test as never).then(
      () => undefined,
      (error: Error) => error.message,
    );
    const diagnosed = await new Evidence(run).dataset().then(
      () => undefined,
      (error: Error) => error.message,
    );
    const notes: string[] = [];
    const subject = {
      title: run,
      data: data as DataDescriptor,
      contents: new RunDirectory(run).description().data!.contents,
      shape: { channels: 1, height: 16, width: 16 },
    } as unknown as Subject;
    const preparing = { note: (message: string) => void notes.push(message) };
    await (await openReal(subject, { split: "train", preparing }).catch(() =>
      openReal(subject, { preparing }),
    ))!.close();
    const scored = notes.find((line) => line.includes("trained"));
    opened.trained.dispose();
    return [changed, note, tested, diagnosed, scored];
  };
  expect(await told()).toEqual(Array(5).fill(undefined));
  await write("3.png", 121);
  const all = await told();
  for (const text of all) expect(text).toContain("are not as they were when");
  expect(all[1]).toContain("the nearest are of the images that are there now");
  expect(all[2]).toContain("a test would show other images than those");
});

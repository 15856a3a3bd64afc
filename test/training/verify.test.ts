/** Damage in a run's files is found, named, and never trained on. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { openForSampling, openRun, startRun, verifyRun } from "../../src/training/index.ts";
import { newDirectory, recipe } from "./short-run.ts";
import { filesIn } from "./tiny.ts";

/** A finished run; each test damages a copy. */
async function trained(): Promise<string> {
  const directory = newDirectory();
  await startRun(recipe, { directory }).train();
  return directory;
}

function flip(file: string, bit: number): void {
  const bytes = readFileSync(file);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  writeFileSync(file, bytes);
}

const problems = (run: string): string[] => verifyRun(run).flatMap(({ problem = [] }) => problem);

describe("a run's files", () => {
  it("are as they were written", async () => {
    const run = await trained();
    const found = verifyRun(run);
    expect(found.map(({ path }) => path)).toEqual([
      ...["recipe.json", "metrics.jsonl", "samples/000003.png", "samples/000006.png"],
      ...["batches/000003.png", "batches/000006.png"],
      ...["checkpoints/step-000004", "checkpoints/step-000006"],
    ]);
    expect(found.every(({ problem, note }) => problem === undefined && note === undefined)).toBe(true);
  });

  it("show each of 300 flipped bits", async () => {
    const run = await trained();
    const names = Object.keys(filesIn(run)).filter((name) =>
      /\.(safetensors|png|jsonl|crc)$|(state|recipe)\.json$/.test(name),
    );
    let state = 1;
    const draw = (below: number): number => {
      // Numerical Recipes' linear congruential generator.
      state = (1_664_525 * state + 1_013_904_223) % 2 ** 32;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let i = 0; i < 300; i++) {
      const name = names[i % names.length]!;
      const file = join(run, name);
      const before = readFileSync(file);
      const bit = draw(8 * before.length);
      flip(file, bit);
      // Without its key the checksum is not compared; nothing else has changed then.
      const inKey = name.endsWith(".json") && !readFileSync(file, "latin1").includes('"crc32"');
      if (!inKey) expect(problems(run), `${name}, bit ${bit}`).toHaveLength(1);
      writeFileSync(file, before);
    }
    expect(problems(run)).toEqual([]);
  });

  it("are not trained on or sampled when damaged; the checkpoint to go back to is named", async () => {
    const run = await trained();
    const newest = join(run, "checkpoints/step-000006");
    for (const name of ["generator.safetensors", "state.safetensors"]) {
      const file = join(newest, name);
      const before = readFileSync(file);
      flip(file, 8 * before.length - 3);
      const message = new RegExp(
        `${name} is damaged: its CRC-32 is [0-9a-f]{8}, state.json says [0-9a-f]{8}; the one before it is of step 4: remove .*step-000006 to continue from there`,
      );
      await expect((await openRun(run, ["steps=8"])).train()).rejects.toThrow(message);
      await expect(openForSampling(run)).rejects.toThrow(message);
      writeFileSync(file, before);
    }
    const state = readFileSync(join(newest, "state.json"), "utf8");
    writeFileSync(join(newest, "state.json"), state.replace('"step": 6', '"step": 5'));
    await expect(openForSampling(run)).rejects.toThrow("state.json is damaged or was changed by hand");
    writeFileSync(join(newest, "state.json"), state);
    const renamed = join(run, "checkpoints/step-000007");
    cpSync(newest, renamed, { recursive: true });
    await expect(openForSampling(run)).rejects.toThrow(`is of step 6, and its folder is named ${basename(renamed)}`);
  });

  it("say so when a learning rate was changed by hand", async () => {
    const run = await trained();
    const file = join(run, "recipe.json");
    const text = readFileSync(file, "utf8");
    expect(text).toContain('"lr": 0.01');
    writeFileSync(file, text.replace('"lr": 0.01', '"lr": 0.02'));
    await expect(openRun(run)).rejects.toThrow(
      /recipe.json is damaged or was changed by hand: the CRC-32 of its contents is/,
    );
  });

  it("of version 0.1 have no checksums, which is said", async () => {
    const run = await trained();
    const file = join(run, "checkpoints/step-000004/state.json");
    const { crc32: _, checksums: __, ...older } = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify(older));
    expect(verifyRun(run).filter(({ note }) => note !== undefined)).toEqual([
      { path: "checkpoints/step-000004", note: "has no checksums: only its form was checked" },
    ]);
  });

  it("have a log whose cut lines are counted", async () => {
    const run = await trained();
    const file = join(run, "metrics.jsonl");
    writeFileSync(file, `${readFileSync(file, "utf8")}{"step":`);
    const [log] = verifyRun(run).filter(({ path }) => path === "metrics.jsonl");
    const cut = "1 of its lines cannot be read and are passed over";
    expect(log!.note).toBe(`its last 8 bytes have no checksums: only their form was checked; ${cut}`);
    // The next session's first line has the checksum of what was left.
    await (await openRun(run, ["steps=8"])).train();
    const [later] = verifyRun(run).filter(({ path }) => path === "metrics.jsonl");
    expect(later).toEqual({ path: "metrics.jsonl", note: cut });
  });

  it("have a log in which a changed digit is found, and a lost line", async () => {
    const run = await trained();
    const file = join(run, "metrics.jsonl");
    const text = readFileSync(file, "utf8");
    const lines = text.split("\n");
    writeFileSync(
      file,
      text.replace(
        lines[2]!,
        lines[2]!.replace(/\d(?=})/, (digit) => String(9 - Number(digit))),
      ),
    );
    expect(problems(run)).toEqual([`${file} is damaged: line 3 is not as metrics.crc says`]);
    const notes: string[] = [];
    const events = { note: (note: string) => void notes.push(note) };
    await (await openRun(run, ["steps=8"])).train({ events });
    expect(notes).toContain(`${file} is damaged: line 3 is not as metrics.crc says; training does not depend on it`);
    writeFileSync(file, lines.slice(0, -2).join("\n"));
    expect(problems(run)[0]).toMatch(/metrics.jsonl is cut short: it had at least \d+ bytes, and has \d+/);
  });
});

/** Tables of comma-separated values of the stored run. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { exportTargets } from "../../src/export/index.ts";
import { RunDirectory } from "../../src/training/index.ts";
import { inProcess } from "../cli/in-process.ts";
import { temporaryFolder } from "../training/tiny.ts";

const run = new RunDirectory(join(import.meta.dirname, "../fixtures/exported-run"));

/** The cells of a table (RFC 4180). */
function cellsOf(text: string): string[][] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!,
      ),
    );
}

it("hold the log, the scores and D's outputs, of repeated steps the later ones", async () => {
  const files = await exportTargets.csv!.write(run, join(temporaryFolder(), "tables"));
  expect(files.map((file) => basename(file))).toEqual(["ticks.csv", "scores.csv", "outputs.csv"]);
  const [ticks, scores, outputs] = files.map((file) => cellsOf(readFileSync(file, "utf8")));

  const [head, ...rows] = ticks!;
  expect(head!.slice(0, 2)).toEqual(["step", "epoch"]);
  // A name that a spreadsheet would compute is text.
  expect(head!.at(-1)).toBe("'=odd");
  const names = head!.map((name) => (name === "'=odd" ? "=odd" : name));
  for (const [i, tick] of run.ticks().entries()) {
    const expected = names.map((name) => (tick[name] === undefined ? "" : String(tick[name])));
    expect(rows[i]).toEqual(expected);
  }
  expect(rows.map(([step]) => step)).toEqual(["2", "4", "6"]);
  expect(rows[2]![names.indexOf("gradNormG")]).toBe("");

  expect(scores!.map((row) => row.slice(0, 6))).toEqual([
    ["step", "time", "name", "value", "std", "better"],
    ["2", "2026-01-02T03:04:08.000Z", "fid@mnist-classifier", "12.5", "", "lower"],
    ["2", "2026-01-02T03:04:08.000Z", 'odd, "name"', "", "0.25", "higher"],
    ["6", "2026-01-02T04:00:04.000Z", "fid@mnist-classifier", "7.25", "", "lower"],
    ["6", "2026-01-02T04:00:04.000Z", 'odd, "name"', "", "0.25", "higher"],
  ]);

  const counts = outputs!.slice(1).map((row) => row.map(Number));
  expect(counts).toHaveLength(3 * 32);
  const { from, to, real, fake } = run.outputs()[0]!.histogram;
  for (const [i, [step, low, high, ofReal, ofFake]] of counts.slice(0, 32).entries()) {
    expect([step, ofReal, ofFake]).toEqual([2, real[i], fake[i]]);
    expect(low).toBeCloseTo(from + (i * (to - from)) / 32, 10);
    expect(high).toBeCloseTo(from + ((i + 1) * (to - from)) / 32, 10);
  }
});

it("of a damaged log say so", async () => {
  const copy = join(temporaryFolder(), "run");
  const trained = await inProcess("train", "mixture", "--set", "steps=2", "--no-evaluate", "--quiet", "--out", copy);
  expect(trained.code, trained.stderr).toBe(0);
  const whole = await inProcess("export", copy, "--to", "csv", "--json");
  expect(JSON.parse(whole.stdout).notes).toEqual([]);
  const log = join(copy, "metrics.jsonl");
  writeFileSync(
    log,
    readFileSync(log, "utf8").replace(/"lossD":(\d)/, (_, digit) => `"lossD":${(Number(digit) + 1) % 10}`),
  );
  const damaged = await inProcess("export", copy, "--to", "csv");
  expect(damaged.stdout).toMatch(/metrics\.jsonl is damaged: .*; numbers that come from the log may be wrong\n$/);
});

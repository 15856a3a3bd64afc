/** `gantry compare` on files as gantry evaluate --out writes them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Score } from "../../src/metrics/index.ts";
import { inProcess } from "./in-process.ts";

const work = mkdtempSync(join(tmpdir(), "gantry-test-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const protocol: Score["protocol"] = {
  features: "inception",
  featuresHash: "ab",
  resizer: "tf1-bilinear",
  quantiser: "bytes as given",
  real: null,
  fakeCount: 5_000,
  drawing: { averaged: true, mode: "eval", batch: 64, truncation: null, labels: "none" },
  options: {},
  seeds: [0, 1, 2],
};

function file(name: string, value: number, changes: Partial<Score["protocol"]> = {}, spread: object = {}): string {
  const path = join(work, name);
  const score = { name: "fid", value, better: "lower", protocol: { ...protocol, ...changes }, ...spread };
  writeFileSync(path, JSON.stringify({ format: 1, subject: name, scores: [score] }));
  return path;
}

it("speaks of the two runs only, and says what ± is", async () => {
  const overSeeds = { std: 0.1, over: "3 seeds" };
  const [a, b] = [file("a.json", 10, {}, overSeeds), file("b.json", 12, {}, overSeeds)];
  const { code, stdout, stderr } = await inProcess("compare", a, b);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/the first of these two runs is better$/m);
  expect(stdout).toContain("± is the standard deviation over seeds, splits or subsets of the samples (fid: 3 seeds).");
  expect(stdout).toContain("Each side is one training: other training seeds may reverse the order.");
});

it("speaks of samples where a run made neither or one", async () => {
  const { stdout } = await inProcess("compare", file("c.json", 10), file("d.json", 12, { drawing: null }));
  expect(stdout).toMatch(/the first of these two sets of samples is better, by an unknown spread$/m);
  expect(stdout).not.toContain("training seeds");
  expect(stdout).not.toContain("±");
});

it("calls equal what differs by rounding", async () => {
  const { stdout } = await inProcess("compare", file("e.json", 4.459), file("f.json", 4.4590012));
  expect(stdout).toMatch(/equal to the rounding of the score$/m);
});

it("names the files of a difference", async () => {
  const [a, b] = [file("g.json", 4), file("h.json", 5, { fakeCount: 300 })];
  expect((await inProcess("compare", a, b)).stderr).toContain(`\`fakeCount\` is 5000 in ${a} and 300 in ${b}`);
});

it("says what to give instead of a folder", async () => {
  const sweep = join(work, "sweep");
  mkdirSync(sweep);
  const other = file("i.json", 4);
  expect((await inProcess("compare", sweep, other)).stderr).toContain(`${sweep} is a folder, and no run; give a run`);
  writeFileSync(join(sweep, "sweep.json"), "{}");
  expect((await inProcess("compare", sweep, other)).stderr).toContain(
    `${sweep} is the folder of a sweep; its scores with intervals are in ${join(sweep, "table.md")}; give two of its runs`,
  );
});

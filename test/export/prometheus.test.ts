/**
 * The newest numbers of runs in Prometheus' text format. test/fixtures/prometheus.json is what prometheus_client's parser
 * found in prometheus.txt (make_prometheus.py), which is what the function gives for these runs.
 */
import { join } from "node:path";
import { expect, it } from "vitest";
import { prometheusText, type RunNow } from "../../src/export/index.ts";
import { RunDirectory } from "../../src/training/index.ts";
import parsed from "../fixtures/prometheus.json" with { type: "json" };

const directory = new RunDirectory(join(import.meta.dirname, "../fixtures/exported-run"));
const odd = 'a "quoted" \\ back\\nslash,\nnew line {x="1"} # é';

const runs: readonly RunNow[] = [
  {
    name: "digits",
    state: "training",
    steps: 1800,
    tick: directory.ticks().at(-1),
    scores: directory.evaluations().at(-1),
  },
  {
    name: odd,
    state: "failed",
    tick: { step: 1e21, epoch: 0, imagesPerSecond: Number.POSITIVE_INFINITY, seconds: 0.1, lossD: -1e-9 },
  },
  { name: "new", state: "prepared" },
];

it("is what the parser of Prometheus' own client reads", async () => {
  await expect(prometheusText(runs)).toMatchFileSnapshot("../fixtures/prometheus.txt");
  const found = parsed.map(({ name, labels, value }) => [name, labels, value === null ? undefined : value]);
  const has = (name: string, labels: object, value: number | string): void =>
    expect(found).toContainEqual([name, labels, value]);
  has("gantry_run_state", { run: "digits", state: "training" }, 1);
  has("gantry_run_state", { run: odd, state: "failed" }, 1);
  has("gantry_run_state", { run: "new", state: "prepared" }, 1);
  has("gantry_run_step", { run: "digits" }, 6);
  has("gantry_run_steps", { run: "digits" }, 1800);
  has("gantry_run_images_per_second", { run: "digits" }, 512.5);
  has("gantry_run_training_seconds", { run: "digits" }, 3.25);
  has("gantry_run_number", { run: "digits", name: "lossG" }, -0.75);
  has("gantry_run_number", { run: "digits", name: "=odd" }, 1);
  has("gantry_run_score", { run: "digits", name: "fid@mnist-classifier" }, 7.25);
  has("gantry_run_score", { run: "digits", name: 'odd, "name"' }, "nan");
  has("gantry_run_score_step", { run: "digits" }, 6);
  has("gantry_run_step", { run: odd }, 1e21);
  has("gantry_run_images_per_second", { run: odd }, "inf");
  has("gantry_run_number", { run: odd, name: "lossD" }, -1e-9);
});

it("has each family once, with its type, and nothing for no run", () => {
  const lines = prometheusText(runs).split("\n");
  expect(lines.at(-1)).toBe("");
  const types = lines.filter((line) => line.startsWith("# TYPE "));
  expect(new Set(types).size).toBe(types.length);
  expect(types.every((line) => /^# TYPE gantry_run_\w+ gauge$/.test(line))).toBe(true);
  expect(prometheusText([])).toBe("");
});

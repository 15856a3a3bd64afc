/**
 * The scores of a sweep's runs at each evaluation, a line a run, for figures over training. The sweep's own records have the
 * last scores alone.
 *
 *     node docs/results/make/curves.js lab/spectral-norm/spectral-norm > docs/results/data/spectral-norm-curves.json
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("give the folder of a sweep");
const runs = readdirSync(join(folder, "runs")).sort();
const lines = runs.map((name) => {
  const scores = readFileSync(join(folder, "runs", name, "metrics.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith('{"event":"scores"'))
    .map((line) => JSON.parse(line))
    .map(({ step, scores }) => ({
      step,
      .../** @type {object} */ (
        Object.fromEntries(
          scores.map((/** @type {{ name: string, value: number }} */ one) => [one.name.split("@")[0], one.value]),
        )
      ),
    }));
  return JSON.stringify({ run: name, scores });
});
process.stdout.write(`[\n${lines.join(",\n")}\n]\n`);

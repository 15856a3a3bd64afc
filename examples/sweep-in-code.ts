/**
 * A sweep from a program: two losses at two batch sizes, three seeds each, and a table with 95 % intervals.
 *
 *     npx jiti sweep-in-code.ts          # 300 steps per run, 3 seeds
 *     npx jiti sweep-in-code.ts 20 2     # 20 steps per run, 2 seeds
 *
 * Every run is a process with a run folder of its own in sweeps/losses-STEPS/runs. After a crash, start the program again:
 * it does what is left. In a shell the same sweep is
 *
 *     npx gantry sweep narrow-dcgan --over loss=hinge,nonSaturating --over batchSize=32,64 --seeds 3
 */
import { expandGrid, loadSweep, parseAxis, runSweep, tableMarkdown, writeResults } from "gantry/experiments";

const [steps = 300, seeds = 3] = process.argv.slice(2).map(Number);

// "narrow-dcgan" is a shipped recipe. The path of a file that exports a recipe does as well.
const { sweep, folder, base, source } = await loadSweep("narrow-dcgan", {
  axes: [parseAxis("loss=hinge,nonSaturating"), parseAxis("batchSize=32,64")],
  set: [`steps=${steps}`, "evaluate=null"],
  seeds,
  out: `sweeps/losses-${steps}`,
});
folder.define(sweep, base);
const grid = expandGrid(sweep, base);

await runSweep(folder, grid, source, {
  jobs: 2, // processes at the same time
  events: {
    started: ({ name }) => console.log(`${name} begins`),
    ended: ({ name }, { kind }) => console.log(`${name}: ${kind}`),
  },
});

// Writes the table as text, Markdown, CSV and JSON into the folder, and returns it.
const table = writeResults(folder, grid);
console.log(tableMarkdown(table));

// The values of every seed are in the table too, for statistics of your own.
for (const { cell, scores } of table.rows) {
  const values = scores.map((score, i) => [table.columns[i]!.name, score?.values.map(({ value }) => value)]);
  console.log(cell.label, Object.fromEntries(values));
}

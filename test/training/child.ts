/**
 * Trains in a process of its own, for tests that kill it: `child.ts start|resume <folder> <recipe of demanding.ts> [steps]`.
 * Prints a line for each step that is done and each checkpoint that is written.
 */
import { applyOverrides } from "../../src/recipe/overrides.ts";
import { openRun, startRun } from "../../src/training/index.ts";
import { demanding } from "./demanding.ts";

const [, , mode, directory, name, steps] = process.argv;
const changes = steps === undefined ? [] : [`steps=${steps}`];
const run =
  mode === "start"
    ? startRun(applyOverrides(demanding[name!]!, changes), { directory: directory! })
    : await openRun(directory!);
const { step } = await run.train({
  events: {
    begin: (from) => console.log(`begin ${from}`),
    tick: (tick) => console.log(`step ${tick.step}`),
    saved: (file) => console.log(`saved ${file}`),
  },
});
console.log(`end ${step}`);

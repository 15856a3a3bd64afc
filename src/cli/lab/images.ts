/** `gantry lab images`: what a sweep of images says about top-k training. */
import { defineCommand } from "../command.ts";
import { exitCodes } from "../errors.ts";

/** The command. */
export const imagesCommand = defineCommand({
  meta: {
    name: "images",
    description:
      "Compares top-k updates with ordinary ones, cell by cell and seed by seed, in a sweep such as top-k-mnist, and prints Markdown tables. Trains nothing: run the sweep with gantry sweep.",
  },
  args: {
    sweep: {
      type: "positional",
      required: true,
      description: "the sweep's folder, or another folder with its table.json",
    },
  },
  examples: [
    { line: "gantry sweep top-k-mnist --jobs 2", does: "90 runs, of which some may be on other machines (--shard)" },
    { line: "gantry lab images sweeps/top-k-mnist", does: "the comparison, also while the sweep goes on" },
  ],
  async run({ args }) {
    const { readStoredTable, updateTables } = await import("../../experiments/index.ts");
    process.stdout.write(updateTables(readStoredTable(args.sweep)));
    return exitCodes.success;
  },
});

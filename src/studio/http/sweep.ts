/** The address that gives the table of the sweep that a run belongs to. */
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import type { SweepCells } from "../api.ts";
import type { Library } from "../runs/library.ts";
import { RequestError } from "./body.ts";
import { readInside } from "./files.ts";
import { sendJson } from "./respond.ts";
import { type Route, runOf } from "./route.ts";

/** The part of a sweep's `table.json` that is shown; null stands for a number that is not finite or not there. */
const tableSchema = z.object({
  axes: z.array(z.string()),
  columns: z.array(z.object({ name: z.string() })),
  rows: z.array(
    z.object({
      cell: z.string(),
      values: z.record(z.string(), z.string()),
      planned: z.number(),
      finished: z.number(),
      scores: z.array(
        z
          .object({
            mean: z.number().nullable(),
            halfWidth: z.number().nullish(),
            count: z.number(),
            best: z.boolean(),
          })
          .nullable(),
      ),
    }),
  ),
  notes: z.array(z.string()),
  runs: z.array(z.object({ run: z.string(), cell: z.string() })).catch([]),
});

/** Answers with the {@link SweepCells} of a run in the folder `runs` of a sweep; with null where it is in none. */
export const sweep: Route = {
  method: "GET",
  async answer({ library }, { response, query }) {
    const { path } = await runOf(library, query.get("id"));
    sendJson(response, { sweep: await cellsAround(library, path) });
  },
};

async function cellsAround(library: Library, run: string): Promise<SweepCells | null> {
  if (basename(dirname(run)) !== "runs") return null;
  const table = await tableIn(library.folder, dirname(dirname(run)));
  if (table === undefined) return null;
  const found = new Map((await library.runs()).map(({ id, path }) => [path, id]));
  const idsOf = (cell: string): string[] =>
    table.runs.flatMap((one) => (one.cell === cell ? (found.get(join(dirname(run), basename(one.run))) ?? []) : []));
  const { spreadText } = await import("../../experiments/index.ts");
  const { axes, columns, rows, notes } = table;
  return {
    axes,
    columns: columns.map(({ name }) => name),
    rows: rows.map(({ cell, values, planned, finished, scores }) => ({
      cell,
      values: axes.map((axis) => values[axis] ?? ""),
      planned,
      finished,
      runs: idsOf(cell),
      scores: scores.map((score) => {
        if (score === null) return null;
        const { mean, halfWidth, count, best } = score;
        return { text: spreadText({ mean: mean ?? Number.NaN, halfWidth: halfWidth ?? Number.NaN }), count, best };
      }),
    })),
    notes,
  };
}

/** The table of a folder; undefined where it has none that can be read. */
async function tableIn(folder: string, sweepFolder: string): Promise<z.output<typeof tableSchema> | undefined> {
  try {
    const text = (await readInside(folder, join(sweepFolder, "table.json"))).toString("utf8");
    return tableSchema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof RequestError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

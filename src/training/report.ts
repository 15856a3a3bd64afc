/** The report of a run: what was trained, how it went, and the last samples, on one page. */
import { relative } from "node:path";
import { writeFileAtomic } from "../formats/index.ts";
import type { RunDescription, RunDirectory } from "./run-directory.ts";
import type { Tick } from "./run-log.ts";

const ROWS = 12;

/** Evenly spaced entries, the last among them. */
function thin<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.round(((i + 1) * list.length) / most) - 1]!);
}

function table(ticks: readonly Tick[]): string {
  const extras = [...new Set(ticks.flatMap((tick) => Object.keys(tick)))].filter((key) => !COLUMNS.includes(key));
  const keys = [...COLUMNS, ...extras];
  const cell = (value: number | undefined): string =>
    value === undefined ? "" : Number.isInteger(value) ? String(value) : value.toPrecision(4);
  return [
    `| ${keys.join(" | ")} |`,
    `| ${keys.map(() => "---:").join(" | ")} |`,
    ...thin(ticks, ROWS).map((tick) => `| ${keys.map((key) => cell(tick[key])).join(" | ")} |`),
  ].join("\n");
}

const COLUMNS = ["step", "epoch", "lossD", "lossG", "dReal", "dFake", "imagesPerSecond", "seconds"];

/** Writes report.md from the log. */
export function writeReport(directory: RunDirectory, description: RunDescription, samples: string | undefined): void {
  const ticks = directory.ticks();
  const { engine, source, overrides, hash, data } = description;
  const lines = [
    `# ${String(description.recipe.name ?? source)}`,
    "",
    `Recipe \`${source}\`${overrides.length > 0 ? ` with ${overrides.map((o) => `\`${o}\``).join(", ")}` : ""}, hash \`${hash.slice(0, 12)}\`.`,
    ...(data ? [`Data: ${data.name}, ${data.count} samples${data.note ? ` (${data.note})` : ""}.`] : []),
    `Engine: ${Object.entries(engine)
      .map(([key, value]) => `${key} ${value}`)
      .join(", ")}.`,
    "",
    ...(samples ? [`![samples](${relative(directory.path, samples)})`, ""] : []),
    ...(ticks.length > 0 ? [table(ticks), ""] : []),
    "```json",
    JSON.stringify(description.recipe, null, 2),
    "```",
    "",
  ];
  writeFileAtomic(directory.report, [lines.join("\n")]);
}

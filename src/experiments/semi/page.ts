/** The page of the experiment: errors by number of labels, ensembles, and the curve over epochs. */
import { join } from "node:path";
import { type Band, bandChart, writePng } from "../../figures/index.ts";
import { writeFileAtomic } from "../../formats/index.ts";
import { interval } from "../statistics.ts";
import { spreadText } from "../sweep/render.ts";
import type { SemiRecord, SemiRecords } from "./record.ts";

/** Runs that may be averaged: of one number of labels and one length. */
function groupsOf(runs: readonly SemiRecord[]): SemiRecord[][] {
  const groups = new Map<string, SemiRecord[]>();
  for (const run of runs) {
    const key = `${run.labels}/${run.epochs}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()];
}

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => "---:"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/**
 * One value for each label draw: the mean over its seeds. Runs that share their labels are not independent, so the
 * interval is over draws.
 */
function ofDraws(runs: readonly SemiRecord[], value: (run: SemiRecord) => number): number[] {
  const draws = [...new Set(runs.map(({ draw }) => draw))];
  return draws.map((draw) => {
    const own = runs.filter((run) => run.draw === draw).map(value);
    return own.reduce((sum, one) => sum + one, 0) / own.length;
  });
}

/** The tables as Markdown: mean ± 95 % confidence interval over label draws of the errors at the last epoch. */
export function semiTables({ runs, ensembles }: SemiRecords): string {
  const rows = groupsOf(runs).map((group) => {
    const { labels, epochs, images } = group[0]!;
    const cell = (value: (last: SemiRecord["curve"][number]) => number): string =>
      spreadText(interval(ofDraws(group, ({ curve }) => value(curve.at(-1)!))));
    const draws = new Set(group.map(({ draw }) => draw)).size;
    const minutes = group.reduce((sum, { seconds }) => sum + seconds, 0) / group.length / 60;
    return [
      `${labels}`,
      `${epochs}`,
      `${draws}`,
      `${group.length}`,
      `${images}`,
      cell(({ averaged }) => averaged),
      cell(({ errors }) => errors),
      minutes.toFixed(0),
    ];
  });
  const parts = [
    "Errors on the test split at the last epoch: mean ± 95 % interval over label draws",
    table(["labels", "epochs", "draws", "runs", "images", "errors, averaged D", "errors, D", "min a run"], rows),
  ];
  if (ensembles.length > 0) {
    const cells = ensembles.map((one) => [
      `${one.labels}`,
      `${one.draw}`,
      `${one.epochs}`,
      `${one.seeds.length}`,
      `${one.averaged}`,
      `${one.errors}`,
    ]);
    parts.push("Ensembles: the mean softmax of the runs of one label draw");
    parts.push(table(["labels", "draw", "epochs", "members", "errors, averaged D", "errors, D"], cells));
  }
  return `${parts.join("\n\n")}\n`;
}

/** Errors over epochs, a band over label draws for each group. */
function curveOf(runs: readonly SemiRecord[]): string {
  const groups = groupsOf(runs);
  const bands: Band[] = groups.map((group) => {
    const points = group[0]!.curve.flatMap(({ epoch }) => {
      const at = (run: SemiRecord) => run.curve.find((one) => one.epoch === epoch)?.averaged;
      if (group.some((run) => at(run) === undefined)) return [];
      const { mean, halfWidth } = interval(ofDraws(group, (run) => at(run)!));
      return [{ x: epoch, mean, halfWidth }];
    });
    return { name: `${group[0]!.labels} labels, ${group[0]!.epochs} epochs`, points };
  });
  const title = `Test errors of ${runs[0]!.images}, averaged D: mean and 95 % interval over label draws`;
  // The first epochs are off the scale of what follows: the axis ends at four times the largest last one.
  const ends = bands.flatMap(({ points }) => points.slice(-1).map(({ mean }) => mean));
  const last = Math.max(10, ...ends);
  return bandChart({ title, xName: "epoch", bands, range: { min: 0, max: Math.ceil((4 * last) / 100) * 100 } });
}

/** Writes `tables.md` and `figures/errors` (.svg and .png) into a folder, and gives the tables. */
export async function writeSemiPage(folder: string, records: SemiRecords): Promise<string> {
  const tables = semiTables(records);
  const svg = curveOf(records.runs);
  writeFileAtomic(join(folder, "figures", "errors.svg"), [svg]);
  await writePng(join(folder, "figures", "errors.png"), svg);
  writeFileAtomic(join(folder, "tables.md"), [`${tables}\n![errors over epochs](figures/errors.svg)\n`]);
  return tables;
}

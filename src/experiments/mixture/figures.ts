/** The figures of the experiment, each as SVG and as PNG. */
import { join } from "node:path";
import { type Band, bandChart, densityPanels, pointCloud, writePng } from "../../figures/index.ts";
import { writeFileAtomic } from "../../formats/index.ts";
import { interval, overSeeds } from "../statistics.ts";
import { updateNames } from "./experiment.ts";
import type { MixtureRecord } from "./record.ts";
import { armsOf, type Group, groupsOf } from "./table.ts";

/** A mean over the seeds at every step that all of an arm's runs were scored at. */
function bandOf(name: string, records: readonly MixtureRecord[], of: (one: Scored) => number): Band {
  const [first, ...others] = records;
  const points = first!.curve.flatMap(({ step }) => {
    const scored = [first!, ...others].map(({ curve }) => curve.find((one) => one.step === step));
    if (scored.some((one) => one === undefined)) return [];
    const { mean, halfWidth } = interval(scored.map((one) => of(one!)));
    return [{ x: step, mean, halfWidth }];
  });
  return { name, points };
}

type Scored = MixtureRecord["curve"][number];

function chartOf(group: Group, what: "highQuality" | "modes"): string {
  const arms = armsOf(group);
  const bands = arms.map(({ update, records }) => bandOf(updateNames[update], records, (one) => one[what]));
  const spread = overSeeds(arms.map(({ records }) => records.length));
  if (what === "modes") {
    const title = `Modes recovered of ${group.modes}: ${spread}`;
    return bandChart({ title, xName: "iteration", bands, range: { min: 0, max: group.modes }, level: group.modes });
  }
  const title = `High-quality samples, ${group.modes} modes: ${spread}`;
  return bandChart({
    title,
    xName: "iteration",
    bands,
    range: { min: 0, max: 1 },
    level: -Math.expm1(-8),
    percent: true,
  });
}

/** The first seed's samples, a row for each arm and a column for each milestone. */
function filmStrip(group: Group): string | undefined {
  const rows = armsOf(group).flatMap(({ records }) => records.filter(({ strip }) => strip !== undefined).slice(0, 1));
  const columns = Math.max(0, ...rows.map(({ strip }) => strip!.length));
  if (columns === 0) return undefined;
  const panels = rows.flatMap(({ update, strip }) =>
    strip!.map(({ step, points }) => ({ points, title: `${updateNames[update]}, ${step.toLocaleString("en")}` })),
  );
  return pointCloud({ panels, mixture: rows[0]!.mixture, columns, side: 220 });
}

/** Where the first seed's samples lie at the end, a panel for each arm. */
async function densities(group: Group): Promise<string | undefined> {
  const arms = armsOf(group).flatMap(({ records }) =>
    records.filter(({ density }) => density !== undefined).slice(0, 1),
  );
  if (arms.length === 0) return undefined;
  const panels = arms.map(({ update, density }) => ({ lattice: density!, title: updateNames[update] }));
  return densityPanels({ panels, mixture: arms[0]!.mixture, columns: 2 });
}

/** Writes an SVG document and its PNG; gives their name without the ending. */
export async function writeFigure(folder: string, name: string, svg: string): Promise<string> {
  writeFileAtomic(join(folder, `${name}.svg`), [svg]);
  await writePng(join(folder, `${name}.png`), svg);
  return name;
}

/**
 * Writes the figures of all groups: `modes-25-quality`, `-recovered`, `-strip` and `-density`, each .svg and .png. A
 * group of another length than the first of its number of modes carries its steps in the name.
 *
 * @returns the names without endings
 */
export async function writeMixtureFigures(folder: string, records: readonly MixtureRecord[]): Promise<string[]> {
  const names: string[] = [];
  const seen = new Set<number>();
  for (const group of groupsOf(records)) {
    const prefix = seen.has(group.modes) ? `modes-${group.modes}-steps-${group.steps}` : `modes-${group.modes}`;
    seen.add(group.modes);
    const figures = {
      quality: chartOf(group, "highQuality"),
      recovered: chartOf(group, "modes"),
      strip: filmStrip(group),
      density: await densities(group),
    };
    for (const [name, svg] of Object.entries(figures)) {
      if (svg !== undefined) names.push(await writeFigure(folder, `${prefix}-${name}`, svg));
    }
  }
  return names;
}

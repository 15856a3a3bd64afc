/** improved.md: the ablation, the mode-collapse probe, and semi-supervised learning. */
import { labelSmoothingFamily } from "../../../src/experiments/claims/label-smoothing.ts";
import type { SemiRecord } from "../../../src/experiments/semi.ts";
import {
  type Difference,
  differenceCells,
  differences,
  differenceText,
  each,
  familyText,
  find,
  listed,
  type Measure,
  markdownTable,
  shown,
  shownOf,
  spreadOf,
  statistics,
} from "./compare.ts";
import { intervalFigure } from "./intervals.ts";
import { type Cell, cellsOf, labRecords, labTables, tablesIn } from "./records.ts";
import { ENTROPY, FID, INCEPTION, MODES } from "./scores.ts";

const smoothingFamily: Difference[] = labelSmoothingFamily(labRecords("smoothing"));

const smoothingAnswer = (): string =>
  `${shownOf(smoothingFamily, `none of ${smoothingFamily.length} differences in the share of images that D rates as what they are is shown`)} (Holm's correction)`;

async function smoothingTable(): Promise<string> {
  const [table] = tablesIn(await labTables("smoothing"));
  return `${markdownTable(table![0]!, table!.slice(1), 2)}\n\nSmoothed minus plain, by seed, at each size of the attack: ${smoothingAnswer()}.`;
}

/** The variants of a sweep, and their differences from the first. */
function variantsOf(name: string, measures: readonly Measure<Cell>[]) {
  const [base, ...others] = cellsOf(name);
  const arms = Object.fromEntries(others.map((cell) => [cell.values[0]!, cell]));
  return { base: base!, others, family: differences(arms, base!, measures) };
}

const ablation = variantsOf("improved-ablation", [FID, INCEPTION]);
const collapse = variantsOf("mode-collapse", [FID, MODES, ENTROPY]);

function ablationTable(): string {
  const { base, others, family } = ablation;
  const rows = [base, ...others].map((cell) => {
    const [variant] = cell.values;
    const own = [FID, INCEPTION].flatMap(({ name }) =>
      cell === base ? ["", ""] : differenceCells(find(family, variant!, name)),
    );
    return [variant!, spreadOf(cell.of("fid")), spreadOf(cell.of("inceptionScore")), ...own];
  });
  const minus = ["FID minus that of all", "p (Holm)", "Inception Score minus that of all", "p (Holm)"];
  return markdownTable(["variant", "FID", "Inception Score", ...minus], rows, 1);
}

function collapseTables(): string {
  const { base, others, family } = collapse;
  const scores = [base, ...others].map((cell) => [
    cell.values[0]!,
    ...[FID, INCEPTION, MODES, ENTROPY].map(({ of }) => spreadOf(of(cell))),
    each(cell.of("modes"), 0),
  ]);
  const rows = others.map(({ values: [variant] }) => [
    variant!,
    ...[FID, MODES, ENTROPY].map(({ name }) => differenceText(find(family, variant!, name))),
  ]);
  return [
    markdownTable(["variant", "FID", "Inception Score", "modes", "entropy", "modes, each seed"], scores, 1),
    "Difference from the plain GAN of the same seed (five each; it begins with the same weights where the technique adds none):",
    markdownTable(["variant", "FID", "modes", "entropy"], rows, 1),
    familyText(family),
  ].join("\n\n");
}

const told = (found: readonly Difference[]): string =>
  listed(found.map((one) => `${one.arm}, ${one.measure} ${differenceText(one)}`));

function ablationAnswer(): string {
  const { base, others, family } = ablation;
  const none = others.find(({ values }) => values[0] === "none")!;
  const whole = find(family, "none", "FID");
  const verdict = shown(whole)
    ? whole.tested.mean > 0
      ? "together better than none"
      : "together worse than none"
    : "undecided";
  const single = family.filter(({ arm }) => arm !== "none").filter(shown);
  return (
    `${verdict}: FID ${spreadOf(base.of("fid"))} against ${spreadOf(none.of("fid"))}, ${statistics.probabilityPhrase(whole.p)}; ` +
    `leaving ${single.length === 0 ? "a single one out is not shown to matter" : `out matters in ${told(single)}`}`
  );
}

function collapseAnswer(): string {
  const found = collapse.family.filter(shown);
  const nearest = collapse.family.reduce((a, b) => (b.p < a.p ? b : a));
  return found.length > 0
    ? `${told(found)}`
    : `nothing is shown to help: of ${collapse.family.length} differences none stays after Holm's correction; the nearest is ${told([nearest])}`;
}

const semi = (name: string) => labRecords<SemiRecord>("semi", name);
const last = ({ curve }: SemiRecord) => curve.at(-1)!;

function semiTable(): string {
  const runs = semi("semi");
  const averaged = runs.map((run) => last(run).averaged);
  const { labels, epochs } = runs[0]!;
  const own = [
    `**${spreadOf(averaged)}** (${averaged.join(", ")})`,
    `${spreadOf(runs.map((run) => last(run).errors))} (${runs.map((run) => last(run).errors).join(", ")})`,
  ];
  const header = ["labels", "epochs", "draws", "errors of 10,000, averaged D", "errors, D"];
  return markdownTable(header, [[`${labels}`, `${epochs}`, `${runs.length}`, ...own]]);
}

function semiCurve(): string {
  const runs = semi("semi");
  const rows = [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map((epoch) => {
    const at = runs.map(({ curve }) => curve.find((one) => one.epoch === epoch)!);
    return [`${epoch}`, ...at.map(({ averaged }) => `${averaged}`), ...at.map(({ errors }) => `${errors}`)];
  });
  const draws = (name: string) => runs.map(({ draw }) => `${name}, draw ${draw}`);
  return markdownTable(["epoch", ...draws("averaged D"), ...draws("D")], rows);
}

function shortTable(): string {
  const runs = semi("semi-10-epochs");
  const rows = runs.map((run) => [`${run.labels}`, `${last(run).averaged}`, `${last(run).errors}`]);
  return markdownTable(["labels", "errors of 10,000, averaged D", "errors, D"], rows);
}

function semiAnswer(): string {
  const runs = semi("semi");
  const { epochs } = runs[0]!;
  return `${spreadOf(runs.map((run) => last(run).averaged))} of 10,000 over ${runs.length} label draws, after ${epochs} epochs`;
}

export const answers = {
  ablation: ablationAnswer,
  collapse: collapseAnswer,
  semi: semiAnswer,
  smoothing: smoothingAnswer,
};

export const parts: Readonly<Record<string, () => string | Promise<string>>> = {
  answer: () =>
    `**Short answer.** The techniques on MNIST: ${ablationAnswer()}. In a GAN that loses modes ${collapseAnswer()}. ` +
    `Errors with 100 labels: ${semiAnswer()}.`,
  ablation: () => `${ablationTable()}\n\n${familyText(ablation.family)}`,
  collapse: collapseTables,
  semi: semiTable,
  smoothing: smoothingTable,
  "semi-curve": semiCurve,
  "semi-short": shortTable,
};

export const figures: Readonly<Record<string, () => string>> = {
  "improved/ablation.svg": () =>
    intervalFigure(
      "FID minus that of all techniques together (MNIST, 3 seeds)",
      "left",
      ablation.family
        .filter(({ measure }) => measure === "FID")
        .map((one) => ({ name: one.arm, ...one.tested, shown: shown(one) })),
    ),
};

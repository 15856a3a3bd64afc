/** exploring.md: the sweeps about architectures and their parts, truncation, dropout, and MINE in a GAN. */
import {
  type TruncationRecord,
  truncationCurve,
  truncationTables,
} from "../../../src/experiments/truncation/truncation.ts";
import {
  bySeed,
  capital,
  type Difference,
  differenceCells,
  differences,
  differenceText,
  each,
  familyOf,
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
import { type Cell, cellOf, cellsOf, labRecords, tablesIn } from "./records.ts";
import { ENTROPY, FID, INCEPTION, KL, MODES, score } from "./scores.ts";

const NAMES: Readonly<Record<string, string>> = {
  "default, none": "PyTorch's initialisation",
  "default, orthogonal": "PyTorch's initialisation with orthogonal regularisation",
  "orthogonal, orthogonal": "orthogonal regularisation",
};
const armOf = ({ values }: Cell): string => NAMES[values.join(", ")] ?? values.join(", ");

/** What a sweep's variants have, each compared with the first. */
function variantsOf(name: string, measures: readonly Measure<Cell>[] = [FID, INCEPTION]) {
  const [base, ...others] = cellsOf(name);
  const arms = Object.fromEntries(others.map((cell) => [armOf(cell), cell]));
  return { base: base!, others, family: differences(arms, base!, measures) };
}

/** A row for each variant: scores, and differences from the first. */
function variantTable(name: string, axes: readonly string[], from: string): string {
  const { base, others, family } = variantsOf(name);
  const rows = [base, ...others].map((cell) => {
    const own = [FID, INCEPTION].flatMap(({ name }) =>
      cell === base ? ["", ""] : differenceCells(find(family, armOf(cell), name)),
    );
    return [...cell.values, ...[FID, INCEPTION, MODES].map(({ of }) => spreadOf(of(cell))), ...own];
  });
  const header = ["FID", "Inception Score", "modes", `FID minus ${from}`, "p (Holm)", `Inception Score minus ${from}`];
  return markdownTable([...axes, ...header, "p (Holm)"], rows, axes.length);
}

// Architectures, batches and data sets.

const DATA = ["mnist", "fashion-mnist"] as const;
const BATCHES = ["32", "64"] as const;
const tables = cellsOf("exploring/tables");
const cifar10 = cellsOf("exploring/tables-cifar10");
const NETWORKS: Readonly<Record<string, string>> = {
  dcgan: "DCGAN",
  "sn-dcgan": "SN-DCGAN",
  sngan: "SNGAN",
  sagan: "SAGAN",
  biggan: "BigGAN",
  "biggan-deep": "BigGAN-deep",
};
const architectures = [...new Set(tables.map(({ values }) => values[1]!))];

function architectureTable({ of }: Measure<Cell>): string {
  const rows = architectures.flatMap((architecture) =>
    BATCHES.map((batch) => [
      architecture,
      batch,
      ...DATA.map((data) => spreadOf(of(cellOf(tables, data, architecture, batch)))),
      each(of(cellOf(cifar10, "cifar10", architecture, batch))),
    ]),
  );
  return markdownTable(["architecture", "batch", ...DATA, "cifar10"], rows, 2);
}

/** Batch 64 minus batch 32. */
const batchFamily: Difference[] = familyOf(
  architectures.flatMap((architecture) =>
    DATA.flatMap((data) =>
      [FID, INCEPTION].map(({ name, of }) => {
        const [small, large] = BATCHES.map((batch) => of(cellOf(tables, data, architecture, batch)));
        return { arm: architecture, measure: `${data}, ${name}`, cells: [bySeed(large!, small!)] };
      }),
    ),
  ),
);

function batchTable(): string {
  const measures = DATA.flatMap((data) => [FID, INCEPTION].map(({ name }) => `${data}, ${name}`));
  const rows = architectures.map((name) => [
    name,
    ...measures.map((measure) => differenceText(find(batchFamily, name, measure))),
  ]);
  return markdownTable(["batch 64 minus 32", ...measures], rows, 1);
}

/** The architecture with the best mean FID of each data set and batch. */
function bestText(): string {
  const best = DATA.flatMap((data) =>
    BATCHES.map((batch) => {
      const own = architectures.map((name) => ({
        name,
        fid: statistics.mean([...cellOf(tables, data, name, batch).of("fid").values()]),
      }));
      return own.reduce((a, b) => (b.fid < a.fid ? b : a)).name;
    }),
  );
  const counts = [...new Set(best)].map((name) => `${NETWORKS[name]} in ${best.filter((one) => one === name).length}`);
  return `The best mean FID of MNIST and Fashion-MNIST, with batches of 32 and 64, is that of ${listed(counts)} of ${best.length} cases`;
}

function architectureAnswer(): string {
  const apart = batchFamily.filter(shown);
  const found = apart.map((one) => `${one.arm}, ${one.measure} ${differenceText(one)}`);
  const batch =
    found.length === 0
      ? "no difference between batches of 64 and 32 is shown"
      : `a batch of 64 differs from 32 in ${listed(found)}`;
  return `${bestText()}; ${batch} (Holm's correction over ${batchFamily.length} differences)`;
}

// Parts of a DCGAN and a BigGAN.

const partsAnswer = (): string =>
  `Shown to differ from a plain DCGAN: ${shownOf(variantsOf("exploring/dcgan-options").family, "nothing")}; ` +
  `from a BigGAN with orthogonal weights: ${shownOf(variantsOf("exploring/biggan-weights").family, "nothing")}`;

// Truncation.

const truncationRecords = () => labRecords<TruncationRecord>("truncation", "exploring/truncation");

/** One score of a threshold by seed. */
const pointOf = (threshold: number | null, name: string): Map<number, number> =>
  new Map(
    truncationRecords()
      .filter((record) => record.threshold === threshold)
      .map(({ seed, scores }) => [seed, scores.find((one) => one.name.startsWith(`${name}@`))!.value]),
  );

const nameOf = (threshold: number | null): string => (threshold === null ? "no truncation" : `${threshold}`);

function truncationText(): string {
  const { points, realSaturation } = truncationCurve(truncationRecords());
  const means = (name: string) =>
    points.map(({ threshold }) => statistics.mean([...pointOf(threshold, name).values()]));
  const at = (values: readonly number[], i: number) => `${values[i]!.toFixed(4)} at ${nameOf(points[i]!.threshold)}`;
  const scores = means("inceptionScore");
  const precision = means("precision");
  const recall = means("recall");
  const rising = (values: readonly number[]) => values.every((value, i) => i === 0 || value > values[i - 1]!);
  const most = precision.indexOf(Math.max(...precision));
  const fids = means("fid");
  const best = fids.indexOf(Math.min(...fids));
  const others = points.filter((_, i) => i !== best);
  const family = familyOf(
    others.map(({ threshold }) => ({
      arm: nameOf(threshold),
      measure: "FID",
      cells: [bySeed(pointOf(threshold, "fid"), pointOf(points[best]!.threshold, "fid"))],
    })),
  );
  const apart = family.filter(shown).map(({ arm }) => arm);
  const near = family.filter((one) => !shown(one)).map((one) => `${one.arm}: ${differenceText(one)}`);
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  const [first, last] = [points[0]!.saturation, points.at(-1)!.saturation];
  return (
    `Inception Score ${rising(scores) ? "rises all the way" : "does not rise all the way"}. ` +
    `Precision rises to ${at(precision, most)}${most < precision.length - 1 ? ` and is ${at(precision, precision.length - 1)}` : ""}; recall ends at ${recall.at(-1)}. ` +
    `FID's lowest mean is at ${nameOf(points[best]!.threshold)}; after Holm's correction over the ${family.length} differences from it, ` +
    `by seed, it is ${apart.length === 0 ? "apart from no other" : `apart from ${listed(apart)}`}${near.length === 0 ? "" : ` and not from ${listed(near)}`}. ` +
    `The share of values at the dark end goes from ${share(first.dark)} to ${share(last.dark)}, at the bright end from ${share(first.bright)} to ${share(last.bright)}; ` +
    `real images have ${share(realSaturation.dark)} and ${share(realSaturation.bright)}.`
  );
}

// Resolution.

const resolution = cellsOf("exploring/resolution");
const resolutionFamily = differences(
  Object.fromEntries(resolution.slice(1).map((cell) => [`${cell.values[0]} px minus 16 px`, cell])),
  resolution[0]!,
  [INCEPTION, ENTROPY],
);

function resolutionTable(): string {
  const rows = resolution.map((cell) => {
    const [size] = cell.values;
    const own = [INCEPTION, ENTROPY].flatMap(({ name }) =>
      cell === resolution[0] ? ["", ""] : differenceCells(find(resolutionFamily, `${size} px minus 16 px`, name)),
    );
    return [`${size} x ${size}`, ...[FID, INCEPTION, ENTROPY].map(({ of }) => spreadOf(of(cell))), ...own];
  });
  const minus = ["Inception Score minus 16 px", "p (Holm)", "entropy minus 16 px", "p (Holm)"];
  const header = ["trained at", "FID, against images of that size", "Inception Score", "entropy (at most 2.30)"];
  return markdownTable([...header, ...minus], rows, 1);
}

// Two arms each: top-k in BigGAN with ICR, MINE in two GANs.

/** Two arms of a sweep in several measures. */
function pairOf(name: string, measures: readonly Measure<Cell>[]) {
  const [base, other] = cellsOf(name) as [Cell, Cell];
  return { base, other, measures, family: differences({ "": other }, base, measures) };
}
type Pair = ReturnType<typeof pairOf>;

function pairTable({ base, other, measures, family }: Pair, header: readonly string[], digits: number): string {
  const rows = measures.map(({ name, of }, i) => {
    const single = bySeed(of(other), of(base)).map((value) => `${value > 0 ? "+" : ""}${value.toFixed(digits)}`);
    return [name, spreadOf(of(base)), spreadOf(of(other)), ...differenceCells(family[i]!), single.join(", ")];
  });
  return markdownTable([...header, "difference, by seed", "p (Holm)", "each seed"], rows, 1);
}

const icr = pairOf("exploring/biggan-icr", [FID, INCEPTION]);
const share = (name: string): Measure<Cell> => ({
  name,
  of: (cell) => new Map([...cell.of("highQuality")].map(([seed, value]) => [seed, 100 * value])),
});
const mixture = pairOf("exploring/mine-mixture", [
  share("high quality, %"),
  score("modes with a sample", "modes"),
  KL,
  score("distance to the nearest mode", "distance"),
]);
const stacked = pairOf("exploring/mine-stacked", [score("modes of 1,000", "modes"), KL]);

// MINE where modes are lost: six settings, each minus plain.

const collapse = variantsOf("exploring/mine-collapse", [MODES, KL]);

function collapseTable(): string {
  const { base, others, family } = collapse;
  const rows = [base, ...others].map((cell) => {
    const own = [MODES, KL].flatMap(({ name }) =>
      cell === base ? ["", ""] : differenceCells(find(family, armOf(cell), name)),
    );
    return [armOf(cell), each(MODES.of(cell), 0), ...[MODES, KL].map(({ of }) => spreadOf(of(cell))), ...own];
  });
  const minus = ["modes minus plain", "p (Holm)", "reverse KL minus plain", "p (Holm)"];
  return markdownTable(["MINE", "modes, each seed", "modes of 1,000", "reverse KL, nats", ...minus], rows, 1);
}

/** `worse: FID +0.28 ± 0.14 (p = 0.027)`, or `undecided: ...`. */
function told(family: readonly Difference[], measure: string, up: string, down: string): string {
  const found = find(family, "", measure);
  return `${shown(found) ? (found.tested.mean > 0 ? up : down) : "undecided"}: ${measure} ${differenceText(found)}`;
}

function icrAnswer(): string {
  const single = bySeed(icr.other.of("fid"), icr.base.of("fid"));
  const lower = single.filter((value) => value < 0).length;
  const text = told(icr.family, "FID", "worse", "better");
  return `${capital(text)}; with top-k it is the lower one for ${lower} of ${single.length} seeds`;
}

const mineAnswer = (): string =>
  `With MINE coverage of stacked MNIST is ${told(stacked.family, KL.name, "worse", "better")}; ` +
  `of 25 Gaussians at a fifth of the length ${told(mixture.family, KL.name, "worse", "better")}; ` +
  `where the plain GAN loses most of the 1,000 modes, of six settings of MINE: ${shownOf(collapse.family, "no difference is shown")}`;

// Dropout.

const dropout = cellsOf("exploring/dropout-128");

function dropoutTable(): string {
  const rows = dropout.map((cell) => [
    ...cell.values,
    each(cell.of("fid")),
    each(cell.of("inceptionScore")),
    each(cell.of("modes"), 0),
  ]);
  return markdownTable(["D's norm", "dropout", "FID", "Inception Score", "classes found of 10"], rows, 2);
}

function dropoutAnswer(): string {
  const found = dropout.map(({ values: [norm, rate], of }) => {
    return `${each(of("modes"), 0)} (${norm} norm, dropout ${rate})`;
  });
  return `Not decided: one seed of narrow networks, after 1,000 steps; classes found of ten: ${listed(found)}`;
}

export const answers = {
  architectures: architectureAnswer,
  parts: partsAnswer,
  icr: icrAnswer,
  mine: mineAnswer,
  dropout: dropoutAnswer,
};

export const parts: Readonly<Record<string, () => string>> = {
  answer: () => `**Short answer.** ${architectureAnswer()}. ${partsAnswer()}. ${mineAnswer()}.`,
  "inception-score": () => architectureTable(INCEPTION),
  fid: () => architectureTable(FID),
  batch: () => `${batchTable()}\n\n${familyText(batchFamily)}`,
  "dcgan-options": () =>
    `${variantTable("exploring/dcgan-options", ["variant"], "plain")}\n\n${familyText(variantsOf("exploring/dcgan-options").family)}`,
  "biggan-weights": () =>
    `${variantTable("exploring/biggan-weights", ["initialisation", "regularisation"], "the first row")}\n\n${familyText(variantsOf("exploring/biggan-weights").family)}`,
  truncation: () => {
    const [table] = tablesIn(truncationTables(truncationRecords()));
    return markdownTable(table![0]!, table!.slice(1));
  },
  "truncation-reading": truncationText,
  resolution: () => `${resolutionTable()}\n\n${familyText(resolutionFamily)}`,
  "biggan-icr": () => `${pairTable(icr, ["", "all samples", "the top k"], 2)}\n\n${familyText(icr.family)}`,
  dropout: dropoutTable,
  "mine-mixture": () =>
    `${pairTable(mixture, ["at 20,000 iterations", "plain", "with MINE"], 2)}\n\n${familyText(mixture.family)}`,
  "mine-collapse": () => `${collapseTable()}\n\n${familyText(collapse.family)}`,
  "mine-stacked": () =>
    `${pairTable(stacked, ["at 5,000 steps", "plain", "with MINE"], 2)}\n\n${familyText(stacked.family)}`,
};

export const figures: Readonly<Record<string, () => string>> = {
  "exploring/dcgan-options.svg": () =>
    intervalFigure(
      "FID minus that of a plain DCGAN (MNIST, 600 steps, 5 seeds), each part alone",
      "left",
      variantsOf("exploring/dcgan-options")
        .family.filter(({ arm, measure }) => measure === "FID" && arm !== "all")
        .map((one) => ({ name: one.arm, ...one.tested, shown: shown(one) })),
    ),
};

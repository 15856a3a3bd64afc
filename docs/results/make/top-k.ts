/** top-k.md: the mixtures of Gaussians, the oracle on their snapshots, what came after, and how k falls. */
import { readFileSync } from "node:fs";
import {
  DISTANCE,
  MIXTURE_MEASURES,
  type MixtureRuns,
  QUALITY,
  RECOVERED,
  REVERSE_KL,
  TENTH,
} from "../../../src/experiments/mixture/measures.ts";
import type { MixtureRecord } from "../../../src/experiments/mixture/mixture.ts";
import { oracleTables } from "../../../src/experiments/mixture/oracle-page.ts";
import type { OracleRecord } from "../../../src/experiments/mixture/oracle-record.ts";
import {
  bySeed,
  type Difference,
  differenceCells,
  differences,
  differenceText,
  familyOf,
  familyText,
  find,
  listed,
  type Measure,
  markdownTable,
  shown,
  signedText,
  spreadOf,
  statistics,
} from "./compare.ts";
import { type Cell, cellsOf, labRecords, recordsFile, tablesIn, type Values } from "./records.ts";

/** The runs of an arm. */
const armOf = (name: string, update: string, modes = 25): MixtureRecord[] =>
  labRecords<MixtureRecord>("mixture", name).filter((record) => record.update === update && record.modes === modes);

const MEASURES = MIXTURE_MEASURES;

// 25 modes, 100,000 iterations.

const all = armOf("mixture", "all");
const top = armOf("mixture", "top");
const main = differences({ "top-k": top }, all, MEASURES);

function endTable(): string {
  const rows = MEASURES.map(({ name, of }) => [
    name,
    spreadOf(of(all)),
    spreadOf(of(top)),
    ...differenceCells(find(main, "top-k", name)),
  ]);
  const header = ["at 100,000 iterations", "all samples", "top-k", "top-k minus all, by seed", "p (Holm)"];
  return markdownTable(header, rows, 1);
}

const side = (one: Difference, up: string, down: string): string =>
  shown(one) ? (one.tested.mean > 0 ? up : down) : "not shown to differ from";

function quality(): string {
  const one = find(main, "top-k", QUALITY.name);
  return (
    `top-k's share of high-quality samples is ${side(one, "above", "below")} the baseline's, ` +
    `${spreadOf(QUALITY.of(top))} % against ${spreadOf(QUALITY.of(all))} %, by seed ${differenceText(one)}`
  );
}

function coverage(): string {
  const kl = find(main, "top-k", REVERSE_KL.name);
  const tenth = find(main, "top-k", TENTH.name);
  const held = [...TENTH.of(top).values()];
  const whole = held.filter((count) => count === 25).length;
  const even = shown(kl)
    ? kl.tested.mean < 0
      ? "are spread more evenly"
      : "are spread less evenly"
    : "are not shown to be spread otherwise";
  return (
    `its samples ${even} over the modes: reverse KL ${differenceText(kl)}, modes with a tenth of their share (post hoc) ${differenceText(tenth)}, ` +
    `which are all 25 for ${whole} of ${held.length} seeds and ${listed(held.filter((count) => count < 25).map(String))} for the others`
  );
}

/** The first evaluation with nine samples in ten of high quality. */
const arrival = (runs: MixtureRuns): string =>
  listed(
    runs.map(({ curve }) => curve.find(({ highQuality }) => highQuality >= 0.9)?.step.toLocaleString("en") ?? "never"),
  );

function curveTable(): string {
  const steps = [2, 6, 10, 14, 20, 30, 40, 50, 60, 80, 100].map((thousands) => 1_000 * thousands);
  const rows = steps.map((step) => {
    const at = (runs: MixtureRuns, of: (one: MixtureRecord["curve"][number]) => number): Values =>
      new Map(runs.map(({ seed, curve }) => [seed, of(curve.find((one) => one.step === step)!)]));
    const share = (runs: MixtureRuns) => at(runs, ({ highQuality }) => 100 * highQuality);
    const divergence = (runs: MixtureRuns) => at(runs, ({ reverseKl }) => reverseKl);
    return [
      step.toLocaleString("en"),
      spreadOf(share(all)),
      spreadOf(share(top)),
      signedText(statistics.interval(bySeed(share(top), share(all)))),
      spreadOf(divergence(all)),
      spreadOf(divergence(top)),
    ];
  });
  const header = ["iteration", "high quality, %: all", "top-k", "top-k minus all, by seed", "reverse KL: all", "top-k"];
  return [
    markdownTable(header, rows),
    `The first evaluation with 90 % of high quality, seeds 0 to 4: ${arrival(all)} (all samples), ${arrival(top)} (top-k).`,
  ].join("\n\n");
}

// The controls.

/** Arms against all samples, in every measure. */
function armsTable(arms: Readonly<Record<string, readonly MixtureRecord[]>>, base: readonly MixtureRecord[]): string {
  const family = differences(arms, base, MEASURES);
  const rows = MEASURES.map(({ name, of }) => [
    name,
    spreadOf(of(base)),
    ...Object.entries(arms).flatMap(([arm, runs]) => [spreadOf(of(runs)), differenceText(find(family, arm, name))]),
  ]);
  const header = Object.keys(arms).flatMap((arm) => [arm, `${arm} minus all`]);
  return `${markdownTable(["", "all samples", ...header], rows, 1)}\n\n${familyText(family)}`;
}

const random = armOf("mixture", "random");
const bottom = armOf("mixture", "bottom");

function randomAnswer(): string {
  const found = differences({ "random k": random, "bottom-k": bottom }, all, MEASURES).filter(
    (one) => one.arm === "random k" && shown(one),
  );
  const text = found.map((one) => `${one.measure} ${differenceText(one)}`);
  return (
    `${text.length === 0 ? "No difference of a random k is detected" : `A random k differs in ${listed(text)}`} with ${random.length} seeds: ` +
    `${spreadOf(QUALITY.of(random))} % of high quality against ${spreadOf(QUALITY.of(all))} %`
  );
}

// The oracle.

const oracleRecords = () => labRecords<OracleRecord>("oracle");

/** The rows of some snapshots of the tables over seeds. */
function oracleTable(): string {
  const tables = tablesIn(oracleTables(oracleRecords())).slice(0, 2);
  const rows = tables.flatMap(([, ...rows], i) => {
    let snapshot = "";
    return rows.flatMap(([step, ...cells]) => {
      snapshot = step || snapshot;
      if (!["20,000", "50,000", "100,000"].includes(snapshot)) return [];
      const first = step === "20,000" ? ["all samples", "top-k"][i]! : "";
      return [[first, step!, ...cells]];
    });
  });
  return markdownTable(["run", "iteration", "", ...tables[0]![0]!.slice(2)], rows, 3);
}

/** Rings in which an update on the bottom half moves samples away from their modes or towards them. */
function rings() {
  return oracleRecords().flatMap(({ run, cosines }) =>
    cosines.flatMap(({ step, method, update, rings }) => {
      if (method !== "gradient" || update !== "bottom") return [];
      const of = (other: string) =>
        cosines.find((one) => one.step === step && one.method === method && one.update === other)!.rings;
      return rings.flatMap((bottom, ring) =>
        bottom.mean === null || bottom.halfWidth === null
          ? []
          : [
              {
                run,
                step,
                ring,
                bottom: { mean: bottom.mean, halfWidth: bottom.halfWidth },
                top: of("top")[ring]!,
                all: of("all")[ring]!,
              },
            ],
      );
    }),
  );
}

const away = ({ mean, halfWidth }: { mean: number | null; halfWidth: number | null }): boolean =>
  mean! + halfWidth! < 0;
const towards = ({ mean, halfWidth }: { mean: number | null; halfWidth: number | null }): boolean =>
  mean! - halfWidth! > 0;

function ringsText(): string {
  const found = rings();
  const negative = found.filter(({ bottom }) => away(bottom));
  const early = negative.filter(({ step }) => step <= 20_000).length;
  const paper = negative.filter(({ top }) => towards(top));
  const names = ["0-1 σ", "1-2 σ", "2-3 σ", "3-4 σ", "> 4 σ"];
  const where = paper.map(
    ({ run, step, ring }) =>
      `${run.update === "all" ? "the baseline" : "top-k"}'s seed ${run.seed} at ${step.toLocaleString("en")} (${names[ring]})`,
  );
  return (
    `Of ${found.length} rings of single snapshots (intervals over batches, not corrected for their number) ${negative.length} have a bottom half whose update moves ` +
    `samples away from their modes, ${early} of them within the first 20,000 iterations, and ${found.filter(({ bottom }) => towards(bottom)).length} one that moves them home. ` +
    `In ${negative.filter(({ all }) => all.mean! < 0).length} of the ${negative.length} the update on all samples points away as well. ` +
    `The worse half away and the better half towards the modes, as the paper describes, is there ${paper.length} times: ${listed(where)}.`
  );
}

/** Over seeds: mean cosine of the samples beyond 4 sigma at the end of the baseline's runs. */
function farCosine(update: "top" | "bottom"): readonly number[] {
  return oracleRecords()
    .filter(({ run }) => run.update === "all")
    .map(({ cosines }) => {
      const own = cosines.find((one) => one.step === 100_000 && one.method === "gradient" && one.update === update)!;
      return own.rings[4]!.mean!;
    });
}

function oracleAnswer(): string {
  const tables = tablesIn(oracleTables(oracleRecords())).slice(0, 2);
  const cells = tables.flatMap((rows) =>
    rows.filter(([, name]) => name === "cosine, bottom half").flatMap((row) => row.slice(2)),
  );
  const negative = cells.filter((cell) => {
    const [mean, halfWidth] = cell.split(" ± ").map(Number);
    return mean! + halfWidth! < 0;
  }).length;
  return (
    `${negative === 0 ? "Not in the mean over runs" : `In ${negative} of ${cells.length} means over runs`}; late in training the worse half's update is the one that moves the samples beyond 4 σ home ` +
    `(cosine ${spreadOf(farCosine("bottom"))}, the better half's ${spreadOf(farCosine("top"))})`
  );
}

// With k back at 256.

interface Continued {
  readonly arm: string;
  readonly seed: number;
  readonly curve: MixtureRecord["curve"];
}

function continuedRuns(arm: string): Continued[] {
  const lines = readFileSync(recordsFile("mixture-continued"), "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Continued).filter((run) => run.arm === arm);
}

const whole = continuedRuns("top-then-all");
const kept = continuedRuns("top-then-top");
const CONTINUED = [QUALITY, REVERSE_KL, DISTANCE, RECOVERED] as const;
const continued = familyOf(
  (
    [
      ["k = 256 minus k = 192", kept],
      ["k = 256 minus the baseline's end", all],
    ] as const
  ).flatMap(([arm, other]) =>
    CONTINUED.map(({ name, of }) => ({ arm, measure: name, cells: [bySeed(of(whole), of(other))] })),
  ),
);

function continuedTable(): string {
  const arms = ["k = 256 minus k = 192", "k = 256 minus the baseline's end"];
  const rows = CONTINUED.map(({ name, of }) => [
    name,
    ...[top, whole, kept].map((runs) => spreadOf(of(runs))),
    ...arms.map((arm) => differenceText(find(continued, arm, name))),
  ]);
  const header = ["", "at the start (top-k's end)", "k = 256, 20,000 later", "k = 192, 20,000 later", ...arms];
  return `${markdownTable(header, rows, 1)}\n\n${familyText(continued)}`;
}

// More modes, shorter runs.

function moreModesTable(): string {
  const sizes = [64, 100];
  const pairs = sizes.map((modes) => ({
    modes,
    all: armOf("mixture-20000", "all", modes),
    top: armOf("mixture-20000", "top", modes),
  }));
  const family = familyOf(
    pairs.flatMap(({ modes, all, top }) =>
      MEASURES.map(({ name, of }) => ({ arm: `${modes} modes`, measure: name, cells: [bySeed(of(top), of(all))] })),
    ),
  );
  const rows = pairs.flatMap(({ modes, all, top }) =>
    MEASURES.map(({ name, of }, i) => [
      i === 0 ? `${modes}` : "",
      name,
      spreadOf(of(all)),
      spreadOf(of(top)),
      ...differenceCells(find(family, `${modes} modes`, name)),
    ]),
  );
  const header = ["modes", "", "all samples", "top-k", "top-k minus all, by seed", "p (Holm)"];
  return `${markdownTable(header, rows, 2)}\n\n${familyText(family)}`;
}

const shortArms = () =>
  Object.fromEntries(
    [
      ["top-k", "top"],
      ["bottom-k", "bottom"],
      ["random k", "random"],
    ].map(([name, update]) => [name!, armOf("mixture-10000", update!)]),
  );

// How k falls.

const percent = (values: Values): Values => new Map([...values].map(([seed, value]) => [seed, 100 * value]));
const SWEPT: readonly Measure<Cell>[] = [
  { name: "high quality, %", of: (cell) => percent(cell.of("highQuality")) },
  { name: "modes with a sample", of: (cell) => cell.of("modes") },
  { name: "reverse KL, nats", of: (cell) => cell.of("reverseKl") },
  { name: "distance", of: (cell) => cell.of("distance") },
];

const K: Readonly<Record<string, string>> = {
  "all samples": "256 throughout",
  "gamma 0.5, nu 0.25": "64 from iteration 400 on",
  "gamma 0.99, nu 0.25": "falls all the way, to 157",
  "gamma 0.5, nu 0.75": "192 from iteration 200 on",
  "gamma 0.99, nu 0.75": "falls to 192 by iteration 5,800",
};

function annealTables(): string {
  const cells = cellsOf("anneal");
  const [base, ...others] = cells;
  const scores = cells.map((cell) => [
    cell.values[0]!,
    K[cell.values[0]!]!,
    ...SWEPT.map(({ of }) => spreadOf(of(cell))),
  ]);
  const named = (name: string) => cells.find(({ values }) => values[0] === name)!;
  const family = familyOf(
    [
      ...others.map((cell) => [`${cell.values[0]}, minus all samples`, cell, base!] as const),
      ...["0.5", "0.99"].map(
        (gamma) =>
          [
            `gamma ${gamma}, nu 0.25 minus nu 0.75`,
            named(`gamma ${gamma}, nu 0.25`),
            named(`gamma ${gamma}, nu 0.75`),
          ] as const,
      ),
    ].flatMap(([arm, own, other]) =>
      SWEPT.map(({ name, of }) => ({ arm, measure: name, cells: [bySeed(of(own), of(other))] })),
    ),
  );
  const names = [...new Set(family.map(({ arm }) => arm))];
  const rows = names.map((arm) => [arm, ...SWEPT.map(({ name }) => differenceText(find(family, arm, name)))]);
  return [
    markdownTable(["", "k", ...SWEPT.map(({ name }) => name)], scores, 2),
    markdownTable(["by seed", ...SWEPT.map(({ name }) => name)], rows, 1),
    familyText(family),
  ].join("\n\n");
}

const answer = (): string => `With 25 modes, after 100,000 iterations, ${quality()}; ${coverage()}`;

export const answers = {
  quality: () => {
    const one = find(main, "top-k", QUALITY.name);
    const verdict = shown(one) ? (one.tested.mean > 0 ? "Yes" : "No: fewer") : "Not shown";
    return `${verdict}, ${spreadOf(QUALITY.of(top))} % against ${spreadOf(QUALITY.of(all))} %, by seed ${differenceText(one)}; ${coverage()}`;
  },
  random: randomAnswer,
  oracle: oracleAnswer,
};

export const parts: Readonly<Record<string, () => string>> = {
  answer: () => `**Short answer.** ${answer()}.`,
  end: () => `${endTable()}\n\n${familyText(main)}`,
  curve: curveTable,
  controls: () => armsTable({ "random k": random, "bottom-k": bottom }, all),
  oracle: oracleTable,
  rings: ringsText,
  continued: continuedTable,
  "more-modes": moreModesTable,
  short: () => armsTable(shortArms(), armOf("mixture-10000", "all")),
  anneal: annealTables,
};

/** The report of a run: settings, losses, scores, blind tests and the last samples, on one page. */
import { rmSync } from "node:fs";
import { relative } from "node:path";
import { counted } from "../../base/counted.ts";
import { duration } from "../../base/duration.ts";
import { lineChart } from "../../figures/index.ts";
import { writeFileAtomic } from "../../formats/index.ts";
import type { Score } from "../../metrics/index.ts";
import { RATING_HEADS, ratingCells, readRatings } from "./ratings.ts";
import type { RunDescription, RunDirectory } from "./run-directory.ts";
import { bestEvaluation, comparableValues, type ScoresEvent, type Tick } from "./run-log.ts";
import { scheduledNumbers } from "./scheduled-numbers.ts";
import { transferLines } from "./transfer.ts";

const ROWS = 12;
const POINTS = 300;

/** Evenly spaced entries, the last among them. */
function thin<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.round(((i + 1) * list.length) / most) - 1]!);
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---:"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function ticksTable(ticks: readonly Tick[]): string {
  const numbers = numbersIn(ticks);
  const keys = ["step", "epoch", ...numbers.filter((name) => !isExtra(name, numbers)), "imagesPerSecond", "seconds"];
  const columns = [...keys, ...numbers.filter((name) => isExtra(name, numbers))];
  return markdownTable(
    columns,
    thin(ticks, ROWS).map((tick) => columns.map((key) => (tick[key] === undefined ? "" : short(tick[key])))),
  );
}

/** The numbers of a recipe's step. All others in its log were reported by techniques. */
const RECIPE_NUMBERS = { lossD: "D", lossG: "G", dReal: "D(real)", dFake: "D(fake)" } as const;

const isOfRecipe = (name: string): name is keyof typeof RECIPE_NUMBERS => Object.hasOwn(RECIPE_NUMBERS, name);

const labelOf = (name: string): string => (isOfRecipe(name) ? RECIPE_NUMBERS[name] : name);

/** The names in a log that not every line has. */
function numbersIn(ticks: readonly Tick[]): string[] {
  const every = ["step", "epoch", "imagesPerSecond", "seconds"];
  return [...new Set(ticks.flatMap((tick) => Object.keys(tick)))].filter((name) => !every.includes(name));
}

/** Whether a number was reported by a technique: the log of a recipe has `dReal`. */
const isExtra = (name: string, all: readonly string[]): boolean => all.includes("dReal") && !isOfRecipe(name);

/** The numbers over the steps, as charts and as a table. */
function trainingSection(directory: RunDirectory, ticks: readonly Tick[]): string[] {
  if (ticks.length === 0) return [];
  const shown = thin(ticks, POINTS);
  const all = numbersIn(ticks);
  const names = all.filter((name) => !isExtra(name, all));
  const isLoss = (name: string): boolean => /^loss/i.test(name);
  const draw = (file: string, title: string, curved: readonly string[]): string[] => {
    if (curved.length === 0) return [];
    const curves = curved.map((name) => ({
      name: labelOf(name),
      points: shown.flatMap((tick) => (tick[name] === undefined ? [] : [[tick.step, tick[name]] as const])),
    }));
    writeFileAtomic(file, [lineChart({ title, xName: "step", curves })]);
    return [`![${title} over the steps](${relative(directory.path, file)})`];
  };
  rmSync(directory.formerNumbersChart, { force: true });
  const outputs = all.includes("dReal") ? "mean output of D" : "other numbers";
  return [
    "## Training",
    "",
    ...draw(directory.lossesChart, "losses", names.filter(isLoss)),
    ...draw(
      directory.numbersChart,
      outputs,
      names.filter((name) => !isLoss(name)),
    ),
    "",
    ticksTable(ticks),
    "",
  ];
}

/** The scores over the steps: the table, the best step of each, the protocol, and the chart. */
function scoresSection(directory: RunDirectory, logged: readonly ScoresEvent[]): string[] {
  // Other programs may log evaluations without a score.
  const evaluations = logged.filter(({ scores }) => scores.length > 0);
  const [first] = evaluations;
  const latest = evaluations.at(-1);
  if (first === undefined || latest === undefined) return [];
  const names = latest.scores.map(({ name }) => name);
  const points = new Map(names.map((name) => [name, comparableValues(evaluations, name)]));
  const scoreOf = ({ step, scores }: ScoresEvent, name: string): Score | undefined => {
    const compares = points.get(name)!.some((point) => point.step === step);
    return compares ? scores.find((score) => score.name === name) : undefined;
  };
  const shown = evaluations.filter((one) => names.some((name) => scoreOf(one, name) !== undefined));
  const curves = names.map((name) => ({
    name,
    points: points.get(name)!.flatMap(({ step, value }) => (Number.isNaN(value) ? [] : [[step, value] as const])),
  }));
  const [main] = curves;
  const values = main!.points.map(([, value]) => value);
  // FID falls by orders of magnitude: on a linear axis all but the first points would be at the bottom.
  const logarithmic = Math.min(...values) > 0 && Math.max(...values) > 20 * Math.min(...values);
  const drawn = values.length > 0;
  const chart = lineChart({ title: main!.name, xName: "step", curves: [main!], logarithmic });
  if (drawn) writeFileAtomic(directory.scoresChart, [chart]);
  const best = latest.scores.map((score) => {
    const found = bestEvaluation(evaluations, score);
    return found === undefined ? "undefined" : `${short(found.value)} (step ${found.step})`;
  });
  return [
    "## Scores",
    "",
    ...(drawn ? [`![${main!.name} over the steps](${relative(directory.path, directory.scoresChart)})`, ""] : []),
    markdownTable(
      ["step", ...names],
      [
        ...shown.map((one) => [String(one.step), ...names.map((name) => cell(scoreOf(one, name)))]),
        ["**best**", ...best],
      ],
    ),
    "",
    protocolText(latest.scores),
    ...(shown.length < evaluations.length
      ? [`${evaluations.length - shown.length} earlier evaluations were made under another protocol and are left out.`]
      : []),
    "",
  ];
}

const cell = (score: Score | undefined): string =>
  score === undefined ? "" : `${short(score.value)}${score.std === undefined ? "" : ` ± ${score.std.toPrecision(2)}`}`;

/** The numbers that follow a schedule, and where they are. */
function schedulesSection(recipe: RunDescription["recipe"], step: number): string[] {
  const numbers = scheduledNumbers(recipe, step);
  if (numbers.length === 0) return [];
  const rows = numbers.map(({ path, schedule, value }) => [`\`${path}\``, schedule, short(value)]);
  return ["## Schedules", "", markdownTable(["number", "schedule", `at step ${step}`], rows), ""];
}

/** The blind tests of the studio: shares with intervals, and what they depend on. */
function ratingsSection(directory: RunDirectory): string[] {
  const tests = readRatings(directory.ratings);
  if (tests.length === 0) return [];
  return [
    "## Blind tests",
    "",
    markdownTable(RATING_HEADS, tests.slice(-ROWS).map(ratingCells)),
    "",
    "Shares of images, or of pairs, with their 95 % intervals (Wilson 1927). Nobody can tell the images apart where generated ones are called real as often as real ones are, or in half of the pairs. Shares compare where all but time, step and seed is equal.",
    ...(tests.length > ROWS ? [`${tests.length - ROWS} earlier tests are in \`ratings.jsonl\`.`] : []),
    "",
  ];
}

/** The protocols of an evaluation: one sentence for the scores of images, one for those of D as a classifier. */
function protocolText(scores: readonly Score[]): string {
  const images = scores.filter(({ protocol }) => protocol.fakeCount > 0);
  const tested = scores.find(({ protocol }) => protocol.fakeCount === 0)?.protocol.real;
  return [
    images.length > 0 && imagesText(images),
    tested &&
      `Test errors: of the discriminator in evaluation mode, on all ${counted(tested.count ?? 0, "image")} of ${tested.name} (${tested.hash.slice(0, 12)}).`,
    "Scores of another protocol do not compare with these.",
  ]
    .filter(Boolean)
    .join(" ");
}

function imagesText(scores: readonly Score[]): string {
  const { features, featuresHash, fakeCount, drawing } = scores[0]!.protocol;
  const real = scores.find(({ protocol }) => protocol.real)?.protocol.real;
  return [
    `Features of ${features} (${featuresHash.slice(0, 12)}), ${fakeCount} generated images`,
    drawing && ` drawn with ${drawing.averaged ? "averaged weights" : "the weights of the step"}`,
    drawing?.standing &&
      `, standing statistics of ${counted(drawing.standing.batches, "batch", "batches")} of ${drawing.standing.batchSize}`,
    real && `, compared with ${real.count} real images (${real.name}, ${real.hash.slice(0, 12)})`,
    ".",
  ]
    .filter(Boolean)
    .join("");
}

function short(value: number): string {
  if (Number.isNaN(value)) return "undefined";
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

/** Where a run stands, as of its log. */
export interface Standing {
  /** The newest step in the log; 0 before the first. */
  readonly step: number;
  /** Seconds of training. */
  readonly seconds: number;
}

/** Where a run stands. */
export function standingOf(ticks: readonly Tick[]): Standing {
  const { step = 0, seconds = 0 } = ticks.at(-1) ?? {};
  return { step, seconds };
}

/**
 * Writes report.md, and the charts that it shows, from the log: of a run that is being trained, as far as it has come.
 *
 * @throws UserError when the file system refuses.
 */
export function writeReport(directory: RunDirectory, description: RunDescription): void {
  const ticks = directory.ticks();
  const samples = directory.newestSamples();
  const { step, seconds } = standingOf(ticks);
  const { engine, source, hash, from, transfer, data } = description;
  // A resumed run can have been given the same override again.
  const overrides = description.overrides.filter((text, i, all) => all.lastIndexOf(text) === i);
  const lines = [
    `# ${String(description.recipe.name ?? source)}`,
    "",
    `${description.trainer === undefined ? "Recipe" : "Trainer"} \`${source}\`${overrides.length > 0 ? ` with ${overrides.map((o) => `\`${o}\``).join(", ")}` : ""}, hash \`${hash.slice(0, 12)}\`.`,
    ...(from ? [`Began with the networks of \`${from}\`.`] : []),
    ...(transfer ? transferLines(transfer).map((line) => `${line}.`) : []),
    ...(data
      ? [
          `Data: ${data.name}, ${data.count === 0 ? "drawn without end" : counted(data.count, "sample")}${data.note ? ` (${data.note})` : ""}.`,
        ]
      : []),
    `Step ${step}${description.recipe.steps === undefined ? "" : ` of ${String(description.recipe.steps)}`}, after ${duration(seconds)} of training.`,
    `Engine: ${Object.entries(engine)
      .map(([key, value]) => `${key} ${value}`)
      .join(", ")}.`,
    "",
    ...(samples ? [`![samples](${relative(directory.path, samples)})`, ""] : []),
    ...scoresSection(directory, directory.evaluations()),
    ...ratingsSection(directory),
    ...trainingSection(directory, ticks),
    ...schedulesSection(description.recipe, step),
    description.trainer === undefined ? "## Recipe" : "## Settings",
    "",
    "```json",
    JSON.stringify(description.recipe, null, 2),
    "```",
    "",
  ];
  writeFileAtomic(directory.report, [lines.join("\n")]);
}

/** The report of a run: what was trained, how it went, and the last samples, on one page. */
import { relative } from "node:path";
import { lineChart } from "../../figures/index.ts";
import { writeFileAtomic } from "../../formats/index.ts";
import type { Score } from "../../metrics/index.ts";
import type { RunDescription, RunDirectory } from "./run-directory.ts";
import { bestEvaluation, comparableValues, type ScoresEvent, type Tick } from "./run-log.ts";

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
  const extras = [...new Set(ticks.flatMap((tick) => Object.keys(tick)))].filter((key) => !COLUMNS.includes(key));
  const keys = [...COLUMNS, ...extras];
  return markdownTable(
    keys,
    thin(ticks, ROWS).map((tick) => keys.map((key) => (tick[key] === undefined ? "" : short(tick[key])))),
  );
}

/** How training went: the losses and the judgements over the steps, as charts and as a table. */
function trainingSection(directory: RunDirectory, ticks: readonly Tick[]): string[] {
  if (ticks.length === 0) return [];
  const shown = thin(ticks, POINTS);
  const draw = (file: string, title: string, keys: Readonly<Record<string, "lossD" | "lossG" | "dReal" | "dFake">>) => {
    const curves = Object.entries(keys).map(([name, key]) => ({
      name,
      points: shown.map((tick) => [tick.step, tick[key]] as const),
    }));
    writeFileAtomic(file, [lineChart({ title, xName: "step", curves })]);
    return `![${title} over the steps](${relative(directory.path, file)})`;
  };
  return [
    "## Training",
    "",
    draw(directory.lossesChart, "losses", { D: "lossD", G: "lossG" }),
    draw(directory.judgementsChart, "mean judgement of D", { "D(real)": "dReal", "D(fake)": "dFake" }),
    "",
    ticksTable(ticks),
    "",
  ];
}

/** The scores over the steps: the table, the best step of each, what they were measured against, and the chart. */
function scoresSection(directory: RunDirectory, evaluations: readonly ScoresEvent[]): string[] {
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
    points: points.get(name)!.map(({ step, value }) => [step, value] as const),
  }));
  const [main] = curves;
  const values = main!.points.map(([, value]) => value);
  // FID falls by orders of magnitude: on a linear axis all but the first points would lie on the floor.
  const logarithmic = Math.min(...values) > 0 && Math.max(...values) > 20 * Math.min(...values);
  const chart = lineChart({ title: main!.name, xName: "step", curves: [main!], logarithmic });
  writeFileAtomic(directory.scoresChart, [chart]);
  const best = latest.scores.map((score) => {
    const { step, value } = bestEvaluation(evaluations, score)!;
    return `${short(value)} (step ${step})`;
  });
  return [
    "## Scores",
    "",
    `![${main!.name} over the steps](${relative(directory.path, directory.scoresChart)})`,
    "",
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

/** The protocols of an evaluation: one sentence for the scores of images, one for those of D as a classifier. */
function protocolText(scores: readonly Score[]): string {
  const images = scores.filter(({ protocol }) => protocol.fakeCount > 0);
  const tested = scores.find(({ protocol }) => protocol.fakeCount === 0)?.protocol.real;
  return [
    images.length > 0 && imagesText(images),
    tested &&
      `Test errors: of the discriminator in evaluation mode, on all ${tested.count} images of ${tested.name} (${tested.hash.slice(0, 12)}).`,
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
      `, standing statistics of ${drawing.standing.batches} batches of ${drawing.standing.batchSize}`,
    real && `, held against ${real.count} real images (${real.name}, ${real.hash.slice(0, 12)})`,
    ".",
  ]
    .filter(Boolean)
    .join("");
}

const short = (value: number): string => (Number.isInteger(value) ? String(value) : value.toPrecision(4));

const COLUMNS = ["step", "epoch", "lossD", "lossG", "dReal", "dFake", "imagesPerSecond", "seconds"];

/** Writes report.md, and the charts that it shows, from the log. */
export function writeReport(directory: RunDirectory, description: RunDescription, samples: string | undefined): void {
  const ticks = directory.ticks();
  const { engine, source, overrides, hash, from, data } = description;
  const lines = [
    `# ${String(description.recipe.name ?? source)}`,
    "",
    `Recipe \`${source}\`${overrides.length > 0 ? ` with ${overrides.map((o) => `\`${o}\``).join(", ")}` : ""}, hash \`${hash.slice(0, 12)}\`.`,
    ...(from ? [`Began with the networks of \`${from}\`.`] : []),
    ...(data
      ? [
          `Data: ${data.name}, ${data.count === 0 ? "drawn without end" : `${data.count} samples`}${data.note ? ` (${data.note})` : ""}.`,
        ]
      : []),
    `Engine: ${Object.entries(engine)
      .map(([key, value]) => `${key} ${value}`)
      .join(", ")}.`,
    "",
    ...(samples ? [`![samples](${relative(directory.path, samples)})`, ""] : []),
    ...scoresSection(directory, directory.evaluations()),
    ...trainingSection(directory, ticks),
    "## Recipe",
    "",
    "```json",
    JSON.stringify(description.recipe, null, 2),
    "```",
    "",
  ];
  writeFileAtomic(directory.report, [lines.join("\n")]);
}

/**
 * How often people take generated images for real ones: Salimans et al. 2016 (section 6) asked annotators, who told images
 * of CIFAR-10 right in 78.7 % of cases and digits in 52.4 %. This makes sets of questions of a run, and the table of the
 * answers: those to the sets, and those of the studio's blind test.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { visible } from "../../base/visible.ts";
import { wilsonInterval } from "../../metrics/index.ts";
import { type RatedTest, ratedTests } from "../../training/index.ts";
import { defineExperiment } from "../experiment.ts";
import { markdownTable } from "../markdown.ts";
import { whole } from "../options.ts";
import { grouped } from "../page.ts";
import { type QuestionOptions, questionSet, readAnswers } from "./question-set.ts";

const share = z.strictObject({ yes: z.int(), answers: z.int() });

const schema = z.strictObject({
  format: z.literal(1),
  /** The folder of the run. */
  run: z.string(),
  /** Who answered; "studio" for the studio's blind test, which asks for no name. */
  person: z.string(),
  time: z.string(),
  mode: z.enum(["single", "pairs"]),
  step: z.int(),
  count: z.int(),
  seed: z.int(),
  averaged: z.boolean(),
  truncation: z.number().nullable(),
  shown: z.number(),
  seconds: z.number().nullable(),
  /** Right answers; questions whose time ran out are not counted. */
  right: share,
  /** Of `single`: generated images that were called real, and real ones. */
  fooled: share.optional(),
  realCalledReal: share.optional(),
  unanswered: z.int(),
});

/** The answers of one person to one test. */
export type RealismRecord = z.output<typeof schema>;

const plainShare = ({ yes, answers }: { yes: number; answers: number }) => ({ yes, answers });

function recordOf(run: string, person: string, test: RatedTest): RealismRecord {
  const { time, mode, step, count, seed, averaged, truncation, shown, seconds, unanswered } = test;
  const none = { yes: 0, answers: 0 };
  const fooled = plainShare(test.fooled ?? none);
  const real = plainShare(test.realCalledReal ?? none);
  const wrong = fooled.yes + (real.answers - real.yes);
  const answers = fooled.answers + real.answers;
  const about = {
    format: 1,
    run,
    person,
    time,
    mode,
    step,
    count,
    seed,
    averaged,
    truncation,
    shown,
    seconds,
  } as const;
  const kinds = mode === "single" ? { fooled, realCalledReal: real } : {};
  return { ...about, right: { yes: answers - wrong, answers }, ...kinds, unanswered };
}

/** The answers that are in: of the studio, and of the files next to a set of questions. */
function recordsOf(run: string, set: { path: string; key: Parameters<typeof readAnswers>[1] }): RealismRecord[] {
  const log = join(run, "ratings.jsonl");
  const studio = existsSync(log) ? ratedTests(readFileSync(log, "utf8")) : [];
  return [
    ...studio.map((test) => recordOf(resolve(run), "studio", test)),
    ...readAnswers(set.path, set.key).map(({ person, test }) => recordOf(resolve(run), person, test)),
  ];
}

type Count = z.output<typeof share>;
const summed = (counts: readonly Count[]): Count => ({
  yes: counts.reduce((sum, { yes }) => sum + yes, 0),
  answers: counts.reduce((sum, { answers }) => sum + answers, 0),
});

/** `78.7 % (75.1 to 81.9 %; 450 of 572)`, with Wilson's interval. */
function shareText({ yes, answers }: Count): string {
  if (answers === 0) return "–";
  const percent = (value: number) => (100 * value).toFixed(1);
  const { low, high } = wilsonInterval(yes, answers);
  return `${percent(yes / answers)} % (${percent(low)} to ${percent(high)} %; ${yes} of ${answers})`;
}

function rowOf(records: readonly RealismRecord[], who: string): string[] {
  const { run, step, mode } = records[0]!;
  const of = (kind: "fooled" | "realCalledReal") => summed(records.flatMap((record) => record[kind] ?? []));
  const name = run.split(/[/\\]/).at(-1)!;
  return [
    visible(name),
    step.toLocaleString("en"),
    mode,
    visible(who),
    shareText(summed(records.map(({ right }) => right))),
    shareText(of("fooled")),
    shareText(of("realCalledReal")),
  ];
}

/** The table: for each run, step and mode all answers together, then those of each person. */
export function realismTable(records: readonly RealismRecord[]): string {
  const groups = grouped(records, ({ run, step, mode }) => JSON.stringify([run, step, mode]));
  const rows = groups.flatMap((own) => {
    const people = grouped(own, ({ person }) => person);
    const each = people.map((one) => rowOf(one, one[0]!.person));
    return people.length === 1 ? each : [rowOf(own, `all ${people.length}`), ...each];
  });
  const header = ["run", "step", "mode", "who", "right", "generated called real", "real called real"];
  return `Right answers are half of them where people guess. Intervals are Wilson's at 95 %, with each answer as independent of the others; answers of one person are not quite.\n\n${markdownTable(header, rows, 4)}\n`;
}

/** `gantry lab realism`. */
export const realism = defineExperiment({
  name: "realism",
  description:
    "Makes a set of questions for people (real or generated?) from a run's images, as a page that works by itself, and tabulates the answers to it and to the studio's blind test.",
  examples: [
    { line: "gantry lab realism runs/mnist-20250131-174503", does: "50 real and 50 generated digits: seconds" },
    {
      line: "gantry lab realism RUN --mode pairs --count 20",
      does: "20 pairs; run it again when the answers are in",
    },
  ],
  options: {
    run: z.string().meta({ argument: true }).describe("a run that makes images"),
    mode: z
      .enum(["single", "pairs"])
      .default("single")
      .describe("one image at a time, or a real and a generated one next to each other"),
    count: whole().max(400).default(50).describe("images of each kind, or pairs"),
    seed: whole(0).default(0).describe("of the samples, the choice of real images, and the order"),
    checkpoint: z.string().default("last").describe("last, best or a step"),
    shown: whole(32).max(2_000).default(256).describe("side of an image on the screen, in pixels"),
  },
  record: schema,
  key: ["run", "person", "time"],
  order: ({ run, step, mode, person, time }) => [run, step, mode, person, time],
  prepare: async ({ run, ...options }, { folder, note }) => {
    const set = await questionSet(run, join(folder, "questions"), options as QuestionOptions);
    const files = join(set.path, "answers");
    note(
      `Questions: ${join(set.path, "index.html")}. Put the files that the page saves into ${files}, and run this again.`,
    );
    const records = recordsOf(run, set);
    if (records.length === 0) note("There are no answers yet.");
    return {
      cells: records,
      measure: (cell) => records.find((one) => one.person === cell.person && one.time === cell.time)!,
    };
  },
  page: (records) => ({ tables: realismTable(records) }),
});

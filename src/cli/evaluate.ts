/** `gantry evaluate`: scores of a run, or of images from another tool. */
import { existsSync, readFileSync } from "node:fs";
import { counted } from "../base/counted.ts";
import { UserError } from "../base/errors.ts";
import { featureNames, imageMetricKinds, preset, type Score } from "../metrics/index.ts";
import { parseValue } from "../recipe/index.ts";
import { defineCommand } from "./command.ts";
import { exitCodes, UsageError } from "./errors.ts";
import { OWN, protocolNames } from "./evaluate/settings.ts";
import { fileNamed, flag, givenFlags, positiveNumber, valuesOf, wholeNumber } from "./flags.ts";
import { watchInterrupts } from "./interrupt.ts";
import { shadowed } from "./named-dataset.ts";
import { noteOnce, StatusLine, throttled } from "./progress.ts";
import { scoring } from "./scoring-flags.ts";

const args = {
  what: {
    type: "positional",
    required: true,
    description:
      "a run folder, a folder or zip of images, an .npz file (one array [N, H, W, 3], [N, H, W, 1], [N, H, W] or [N, 3, H, W]: uint8, or floats in [0, 1] or [-1, 1]), or a dataset's name",
  },
  metrics: flag("A,B", `${imageMetricKinds().join(", ")}, or a metric of your own; default: the protocol's`),
  protocol: flag(
    "NAME",
    `${protocolNames.join(", ")}; see docs/scores/protocols.md; default: ${OWN}, which is how the run scores itself while it trains, and else quick`,
  ),
  features: flag("NAME", `${featureNames.join(", ")}, or a classifier's file; default: the run's own, or inception`),
  import: flag("FILE", "a TypeScript or JavaScript file that defines metrics of your own; a run knows its file"),
  real: flag(
    "DATA",
    "the real images to compare with: a dataset's name, a folder, zip or .npz, or an .npz of their statistics (mu, sigma); default: the run's own data",
  ),
  realSplit: flag("NAME", "split of the real images; default: train"),
  count: flag(
    "N",
    "how many samples of a run to draw; default: the protocol's. A folder, file or dataset is scored whole, and takes none",
  ),
  realCount: scoring.realCount,
  set: flag("KEY=VALUE", "an option of a metric, such as kid.subsets=50 or inceptionScore.splits=1; may be repeated"),
  checkpoint: scoring.checkpoint,
  averaged: scoring.averaged,
  mode: flag(
    "MODE",
    "the generator's batch norm: eval (running statistics) or train (statistics of each batch of 64)",
    "eval",
  ),
  truncation: flag("T", "draw again the latent values beyond T standard deviations"),
  split: flag("NAME", "the split to evaluate, of a dataset or a folder"),
  size: flag(
    "PIXELS",
    "side of the images of a named dataset or a folder, or height x width as 64x48; default: 32, photographs 64; a folder's own size",
  ),
  seed: flag("N", "seed of the samples and of subsets; default: the protocol's (0, or the run's own)"),
  seeds: flag("N", "repeat the evaluation with N seeds and give mean ± std", "1"),
  saveStatistics: flag(
    "FILE",
    "also write mean and covariance of the features of <what> (mu, sigma), as .npz for --real and for pytorch-fid",
  ),
  out: flag("FILE", "also write the scores as JSON, for gantry compare"),
  threads: flag("N", "CPU threads; default: all cores"),
  device: flag("NAME", "the feature network's device", "cpu"),
  json: { type: "boolean", description: "print one JSON object instead of text" },
} as const;

function oneOf<T extends string>(flag: string, text: string, accepted: readonly T[]): T {
  const found = accepted.find((value) => value === text);
  if (found !== undefined) return found;
  throw new UsageError(`${flag} (=${text}) must be ${accepted.join(" or ")}`);
}

/**
 * Only another evaluation is overwritten.
 * @throws UserError when the file is anything else.
 */
function refuseOtherFile(out: string): void {
  if (!existsSync(out)) return;
  try {
    if (Array.isArray((JSON.parse(readFileSync(out, "utf8")) as { scores?: unknown }).scores)) return;
  } catch {
    // No JSON: something else.
  }
  throw new UserError(`--out ${out} exists and holds no scores of gantry evaluate; give another`);
}

/**
 * Only other statistics are overwritten.
 * @throws UserError when the file is anything else, or there are several evaluations to write.
 */
async function refuseOtherStatistics(file: string, seeds: number): Promise<void> {
  if (seeds > 1) throw new UsageError("--save-statistics writes the statistics of one evaluation; leave out --seeds");
  const { isStatisticsFile } = await import("../metrics/index.ts");
  if (!existsSync(file) || (await isStatisticsFile(file).catch(() => false))) return;
  throw new UserError(`--save-statistics ${file} exists and holds no statistics; give another`);
}

/** The flags that are of no use where samples are vectors. */
const OF_IMAGES = ["features", "real", "real-split", "real-count", "mode", "truncation", "save-statistics"];

/** @throws UsageError when a flag is of images and the run makes vectors. */
function refuseImageFlags(what: string, given: readonly string[]): void {
  const foreign = given.find((flag) => OF_IMAGES.includes(flag));
  if (foreign !== undefined) throw new UsageError(`--${foreign} goes with images, and ${what} makes vectors`);
}

/** The command, for the shell to mount. */
export const evaluate = defineCommand({
  meta: {
    name: "evaluate",
    description: "Scores a run, or images that any other tool made, against real images under a stated protocol.",
  },
  args,
  examples: [
    { line: "gantry evaluate runs/x", does: "the scores that the run has while it trains, of its newest checkpoint" },
    {
      line: "gantry evaluate samples.npz --real cifar10 --metrics fid,kid,precisionRecall",
      does: "another tool's samples",
    },
    { line: "gantry evaluate runs/x --protocol fid-50k-train --seeds 3", does: "three evaluations, with their spread" },
    {
      line: "gantry evaluate photos --save-statistics photos.npz",
      does: "statistics of a folder, for --real photos.npz and for other tools",
    },
    { line: "gantry evaluate mnist --split test --features mnist-classifier", does: "real images against real ones" },
  ],
  async run({ args: flags, rawArgs }) {
    const counts = {
      fake: wholeNumber("--count", flags.count, 2),
      real: wholeNumber("--real-count", flags.realCount, 2),
      size: flags.size === undefined ? undefined : parseValue(flags.size),
    };
    const seed = wholeNumber("--seed", flags.seed, 0);
    const seeds = wholeNumber("--seeds", flags.seeds, 1)!;
    const threads = wholeNumber("--threads", flags.threads, 1);
    const truncation = positiveNumber("--truncation", flags.truncation);
    const mode = oneOf("--mode", flags.mode, ["eval", "train"]);
    const { configureEngine } = await import("../tensor/index.ts");
    if (threads !== undefined) configureEngine({ threads });
    const { refuseAbsentDevice } = await import("./device.ts");
    refuseAbsentDevice(flags.device);
    const { overSeeds } = await import("../metrics/index.ts");
    const { importModulesOf, openSubject, refuseForeignFlags } = await import("./evaluate/subject.ts");
    const given = givenFlags(rawArgs, args);
    refuseForeignFlags(flags.what, given);
    await importModulesOf(flags.what, flags.import);
    if (flags.out !== undefined) refuseOtherFile(fileNamed("--out", flags.out, ".json"));
    const saveStatistics = flags.saveStatistics && fileNamed("--save-statistics", flags.saveStatistics, ".npz");
    if (saveStatistics !== undefined) await refuseOtherStatistics(saveStatistics, seeds);
    const { protocolLines, scoresTable } = await import("./evaluate/text.ts");
    const { writeFileAtomic } = await import("../formats/index.ts");
    const { metricsOf } = await import("./evaluate/metrics.ts");
    const { changesOf, evaluationSettings } = await import("./evaluate/settings.ts");
    const { measureImages, measureVectors } = await import("./evaluate/measure.ts");
    // Names that are wrong are refused before any work.
    const options = valuesOf(rawArgs, args, "set");
    if (flags.metrics !== undefined) metricsOf(flags.metrics, options, []);
    if (flags.protocol !== undefined && flags.protocol !== OWN) preset(flags.protocol);
    const status = new StatusLine(process.stderr);
    const show = throttled((text: string) => status.update(text));
    const onProgress = ({ name, done, total }: { name: string; done: number; total: number }) =>
      show(`preparing ${name}: ${done} of ${counted(total, "image")}`);
    const interrupt = watchInterrupts(() => status.print("Stopping."));
    const warn = noteOnce(status);
    const preparing = { onProgress, note: warn, stop: interrupt.signal };
    for (const name of [flags.what, flags.real ?? ""]) {
      const note = shadowed(name);
      if (note !== undefined) warn(note);
    }
    const opened: { close(): void | Promise<void> }[] = [];
    try {
      const subject = await openSubject({
        what: flags.what,
        split: flags.split,
        size: counts.size,
        checkpoint: flags.checkpoint,
        averaged: flags.averaged ?? true,
        mode,
        truncation,
        count: counts.fake,
        preparing,
      });
      opened.push(subject);
      const protocol = evaluationSettings(flags, subject.value);
      const measurement = {
        what: flags.what,
        settings: protocol,
        metrics: metricsOf(flags.metrics, options, protocol.metrics),
        named: flags.metrics !== undefined,
        count: counts.fake,
        real: flags.real,
        split: flags.realSplit,
        realCount: counts.real,
        device: flags.device,
        saveStatistics,
        seeds,
        preparing,
        show,
        print: (text: string) => status.print(text),
      };
      if (!("images" in subject.value)) refuseImageFlags(flags.what, given);
      const measure =
        "images" in subject.value
          ? await measureImages(subject.value, measurement, opened)
          : measureVectors(subject.value, measurement);
      const first = seed ?? protocol.seed;
      const evaluations: Score[][] = [];
      for (let next = first; next < first + seeds; next++) evaluations.push(await measure(next));
      status.end();
      const scores = overSeeds(evaluations);
      const { title, step } = subject.value;
      const at = step === undefined ? {} : { step };
      const usual = protocol.name === OWN ? (subject.value.own?.features ?? "inception") : "inception";
      const changed = changesOf(protocol, usual, { metrics: flags.metrics, options }, scores);
      if (counts.real !== undefined && protocol.realCount === undefined) changed.push(`real images ${counts.real}`);
      const named = changed.length > 0 ? `${protocol.name}, changed (${changed.join("; ")})` : protocol.name;
      const result = { format: 1, subject: title, ...at, protocol: protocol.name, changed, scores };
      const table =
        scores.length > 0
          ? [...scoresTable(scores), "", `Protocol ${named}:`, ...protocolLines(scores)]
          : ["no scores: without --real there is nothing to compare with"];
      const text = [title, "", ...table];
      if (saveStatistics !== undefined) text.push("", `statistics: ${saveStatistics}`);
      process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : `${text.join("\n")}\n`);
      // Last: a disk that refuses must not cost the scores.
      if (flags.out !== undefined) writeFileAtomic(flags.out, [`${JSON.stringify(result, null, 2)}\n`]);
      return exitCodes.success;
    } catch (error) {
      if (interrupt.signal.aborted && error === interrupt.signal.reason) return interrupt.exitCode();
      throw error;
    } finally {
      status.end();
      interrupt.dispose();
      for (const { close } of opened.reverse()) await close();
    }
  },
});

/** `gantry evaluate`: scores of a run, or of images from another tool. */
import { existsSync, readFileSync } from "node:fs";
import { UserError } from "../base/errors.ts";
import { imageMetricKinds, presets } from "../metrics/index.ts";
import { parseValue } from "../recipe/index.ts";
import { defineCommand } from "./command.ts";
import { exitCodes, UsageError } from "./errors.ts";
import { fileNamed, flag, givenFlags, positiveNumber, valuesOf, wholeNumber } from "./flags.ts";
import { watchInterrupts } from "./interrupt.ts";
import { shadowed } from "./named-dataset.ts";
import { clock, noteOnce, Remaining, StatusLine, throttled } from "./progress.ts";
import { scoring } from "./scoring-flags.ts";

const args = {
  what: {
    type: "positional",
    required: true,
    description: "a run folder, a folder or zip of images, an .npz file (uint8 [N, H, W, C]), or a dataset's name",
  },
  metrics: flag("A,B", `${imageMetricKinds().join(", ")}, or a metric of the run's own; default: the protocol's`),
  protocol: flag("NAME", `${Object.keys(presets).join(", ")}; see docs/metrics.md`, "quick"),
  features: scoring.features,
  real: flag(
    "DATA",
    "the real images to compare with: a dataset's name, a folder, zip or .npz; default: the run's own data",
  ),
  realSplit: flag("NAME", "split of the real images; default: train"),
  count: flag("N", "how many samples to draw; default: the protocol's"),
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
  size: flag("PIXELS", "side of a named dataset's images, or height x width as 64x48; default: 32, photographs 64"),
  seed: flag("N", "seed of the samples and of subsets", "0"),
  seeds: flag("N", "repeat the evaluation with N seeds and give mean ± std", "1"),
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

/** The command, for the shell to mount. */
export const evaluate = defineCommand({
  meta: {
    name: "evaluate",
    description: "Scores a run, or images that any other tool made, against real images under a stated protocol.",
  },
  args,
  examples: [
    { line: "gantry evaluate runs/x --features mnist-classifier", does: "FID and Inception Score of a run" },
    {
      line: "gantry evaluate samples.npz --real cifar10 --metrics fid,kid,precisionRecall",
      does: "another tool's samples",
    },
    { line: "gantry evaluate runs/x --protocol fid-50k-train --seeds 3", does: "three evaluations, with their spread" },
    { line: "gantry evaluate mnist --split test --features mnist-classifier", does: "real images against real ones" },
  ],
  async run({ args: flags, rawArgs }) {
    const counts = {
      fake: wholeNumber("--count", flags.count, 2),
      real: wholeNumber("--real-count", flags.realCount, 2),
      size: flags.size === undefined ? undefined : parseValue(flags.size),
    };
    const first = wholeNumber("--seed", flags.seed, 0)!;
    const seeds = wholeNumber("--seeds", flags.seeds, 1)!;
    const threads = wholeNumber("--threads", flags.threads, 1);
    const truncation = positiveNumber("--truncation", flags.truncation);
    const mode = oneOf("--mode", flags.mode, ["eval", "train"]);
    const { configureEngine } = await import("../tensor/index.ts");
    if (threads !== undefined) configureEngine({ threads });
    const { refuseAbsentDevice } = await import("./device.ts");
    refuseAbsentDevice(flags.device);
    const { evaluate: measure, openFeatures, overSeeds, preset } = await import("../metrics/index.ts");
    const { importModulesOf, openReal, openSubject, refuseForeignFlags } = await import("./evaluate/subject.ts");
    refuseForeignFlags(flags.what, givenFlags(rawArgs, args));
    await importModulesOf(flags.what);
    if (flags.out !== undefined) refuseOtherFile(fileNamed("--out", flags.out, ".json"));
    const { protocolLines, scoresTable } = await import("./evaluate/text.ts");
    const { writeFileAtomic } = await import("../formats/index.ts");
    const { metricsOf } = await import("./evaluate/metrics.ts");
    const protocol = preset(flags.protocol);
    const metrics = metricsOf(flags.metrics, valuesOf(rawArgs, args, "set"), protocol.metrics);
    const status = new StatusLine(process.stderr);
    const show = throttled((text: string) => status.update(text));
    const onProgress = ({ name, done, total }: { name: string; done: number; total: number }) =>
      show(`preparing ${name}: ${done} of ${total} images`);
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
        preparing,
      });
      opened.push(subject);
      const network = await openFeatures(flags.features, { device: flags.device, resizer: protocol.resizer });
      opened.push({ close: () => network.dispose() });
      const { title, step, drawn, images, warning } = subject.value;
      if (!drawn && counts.fake !== undefined) {
        throw new UserError(
          `--count ${counts.fake}: ${flags.what} is a fixed set of images, and all of them are scored`,
        );
      }
      const needsReal = metrics.some(({ needs }) => needs.real.length > 0) || protocol.fakeCount === "real";
      const most = counts.real ?? protocol.realCount;
      const real = needsReal
        ? await openReal(subject.value, { real: flags.real, split: flags.realSplit, most, preparing })
        : undefined;
      if (needsReal && real === undefined) {
        throw new UsageError(
          `${flags.what} does not say which real images to compare with: give --real, such as --real mnist`,
        );
      }
      if (real) opened.push(real);

      if (warning !== undefined) warn(warning);
      const count = counts.fake ?? (protocol.fakeCount === "real" ? real!.value.count : protocol.fakeCount);
      const evaluations = [];
      for (let seed = first; seed < first + seeds; seed++) {
        const pace = new Map<string, Remaining>();
        const which = seeds > 1 ? `seed ${seed}, ` : "";
        const scores = await measure({
          network,
          metrics,
          fake: images(count, seed),
          real: real?.value,
          seed,
          stop: interrupt.signal,
          warn,
          onProgress({ name, done, total }) {
            const remaining = pace.get(name) ?? new Remaining();
            pace.set(name, remaining);
            const left = clock(remaining.update(done, total, performance.now() / 1000));
            show(`${which}features of ${name}: ${done} of ${total} images, ${left} left`);
          },
        });
        evaluations.push(scores);
      }
      status.end();
      const scores = overSeeds(evaluations);
      const at = step === undefined ? {} : { step };
      const result = { format: 1, subject: title, ...at, protocol: flags.protocol, scores };
      const text = [title, "", ...scoresTable(scores), "", `Protocol ${flags.protocol}:`, ...protocolLines(scores)];
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

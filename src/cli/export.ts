/** `gantry export`: writes a run in a form that other tools read. */
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { nearest } from "../base/errors.ts";
import { type ExportOptions, exportTargets } from "../export/index.ts";
import { RunDirectory } from "../training/index.ts";
import { defineCommand } from "./command.ts";
import { UsageError } from "./errors.ts";
import { flag, givenFlags } from "./flags.ts";

type Target = (typeof exportTargets)[string];

const names = Object.keys(exportTargets);
const described = Object.entries(exportTargets).map(([name, { summary }]) => `${name} (${summary})`);

const args = {
  run: {
    type: "positional",
    required: true,
    description: "the run folder, such as runs/mnist-20250131-174503, or the file of a classifier",
  },
  to: flag("WHAT", described.join(", ")),
  out: flag(
    "PATH",
    "the folder to write into, or for onnx and pytorch a file; default: a folder with the name of WHAT in the run",
  ),
  network: flag("WHICH", "generator or discriminator", "generator"),
  labels: flag("FORM", "what a generator's `y` is: classes (their numbers) or shares (of all classes)", "classes"),
  half: { type: "boolean", description: "store weights in half precision, which halves the file" },
  uint8: { type: "boolean", description: "images as bytes 0 to 255 in place of floats in [-1, 1]" },
  layout: flag("ORDER", "of these bytes: nchw or nhwc", "nchw"),
  averaged: {
    type: "boolean",
    negativeDescription: "the weights of the last step",
    description: "the averaged weights, if the run keeps them (the default), or those of the last step",
  },
  checkpoint: flag("WHICH", "last, best (by the score of the recipe's `evaluate`), or the number of a step", "last"),
  license: flag("NAME", "the licence of a hub folder's weights, by the hub's name, such as mit; default: unknown"),
  json: { type: "boolean", description: "print the result as JSON" },
} as const;

/** The option of the targets that a flag sets. */
const OPTION_OF: Readonly<Record<string, keyof ExportOptions>> = {
  network: "network",
  labels: "labels",
  half: "half",
  uint8: "uint8",
  layout: "uint8",
  averaged: "averaged",
  checkpoint: "checkpoint",
  license: "license",
};

/** The command, for the shell to mount. */
export const exportCommand = defineCommand({
  meta: { name: "export", description: "Writes a run in a form that other tools read. The run may still be training." },
  args,
  examples: [
    { line: "gantry export runs/digits --to tensorboard", does: "then: tensorboard --logdir runs" },
    { line: "gantry export runs/digits --to csv --out tables", does: "ticks.csv, scores.csv and outputs.csv" },
    { line: "gantry export runs/digits --to onnx --out digits.onnx", does: "the generator for onnxruntime" },
    {
      line: "gantry export runs/digits --to onnx --uint8 --layout nhwc --half",
      does: "one that returns bytes, in a file of half the size",
    },
    { line: "gantry export runs/digits --to pytorch", does: "generator.py, which needs PyTorch and nothing of Gantry" },
    { line: "gantry export runs/digits --to web --out page", does: "a page for any static server" },
    {
      line: "gantry export runs/digits --to hub --license mit",
      does: "then: gantry import runs/digits/hub --out runs/copy",
    },
    { line: "gantry export letters.safetensors --to onnx", does: "a classifier of gantry train-classifier" },
  ],
  async run({ args: flags, rawArgs }) {
    const target = targetOf(flags.to);
    for (const given of givenFlags(rawArgs, args)) {
      const name = given.replace(/^no-/, "");
      const option = OPTION_OF[name];
      if (option === undefined || target.options?.includes(option)) continue;
      throw new UsageError(`--${name} does not go with --to ${flags.to}`);
    }
    if (!flags.uint8 && givenFlags(rawArgs, args).includes("layout")) {
      throw new UsageError("--layout is that of bytes: it needs --uint8");
    }
    const options: ExportOptions = {
      network: oneOf("--network", flags.network, ["generator", "discriminator"] as const),
      labels: oneOf("--labels", flags.labels, ["classes", "shares"] as const),
      half: flags.half,
      uint8: flags.uint8 ? oneOf("--layout", flags.layout, ["nchw", "nhwc"] as const) : undefined,
      averaged: flags.averaged,
      checkpoint: flags.checkpoint,
      license: flags.license,
    };
    const isFile = statSync(flags.run, { throwIfNoEntry: false })?.isFile() ?? false;
    if (isFile && !target.classifiers)
      throw new UsageError(`${flags.run} is a file; --to ${flags.to} needs a run folder`);
    const run = isFile ? flags.run : new RunDirectory(flags.run);
    if (typeof run !== "string") run.description();
    const to = flags.out ?? (isFile ? dirname(flags.run) : join(flags.run, flags.to!));
    const notes: string[] = [];
    const files = await target.write(run, to, options, (text) => notes.push(text));
    const { problem } = typeof run === "string" ? {} : run.damage();
    if (problem !== undefined) notes.push(`${problem}; numbers that come from the log may be wrong`);
    if (flags.json) process.stdout.write(`${JSON.stringify({ to: flags.to, files, notes })}\n`);
    else process.stdout.write([...files, ...notes].map((line) => `${line}\n`).join(""));
  },
});

function oneOf<const T extends string>(name: string, given: string | undefined, accepted: readonly T[]): T {
  const found = accepted.find((each) => each === given);
  if (found !== undefined) return found;
  throw new UsageError(`${name} (=${given}) must be ${accepted.join(" or ")}`);
}

function targetOf(name: string | undefined): Target {
  if (name === undefined) throw new UsageError(`--to is missing; it must be ${names.join(" or ")}`);
  const target = Object.hasOwn(exportTargets, name) ? exportTargets[name] : undefined;
  if (target !== undefined) return target;
  const likely = nearest(name, names);
  throw new UsageError(`--to (=${name}) must be ${names.join(" or ")}${likely ? `; did you mean ${likely}?` : ""}`);
}

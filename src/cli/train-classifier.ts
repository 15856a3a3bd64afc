/** `gantry train-classifier`: a dataset with a train and a test split becomes a classifier file that scores can use. */
import { accessSync, constants, existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { UserError } from "../base/errors.ts";
import { classifierName, LEAST_CLASSIFIER_SIZE } from "../models/index.ts";
import { defineCommand } from "./command.ts";
import { UsageError } from "./errors.ts";
import { fileNamed, flag, wholeNumber } from "./flags.ts";
import { datasetNames, isDatasetName, shadowed } from "./named-dataset.ts";

const args = {
  dataset: {
    type: "positional",
    required: true,
    description: `${datasetNames.join(", ")}, or a folder or zip of images with a train and a test sub-folder`,
  },
  out: flag("FILE", "a new .safetensors file; default: <name>-classifier.safetensors"),
  name: flag(
    "NAME",
    "scores are named after NAME-classifier, and a shipped NAME sets the defaults; default: the dataset's",
  ),
  testSplit: flag("NAME", "split that the accuracy is measured on; default: test"),
  size: flag("PIXELS", "side of the images (default: 32)"),
  channels: flag("1|3", "gray or colour (default: as the dataset is, folders 3)"),
  width: flag("N", "channels of the first layer; features are 4 x N"),
  epochs: flag("N", "passes over the training images"),
  flip: { type: "boolean", description: "mirror images with probability one half (default: by the name)" },
  seed: flag("N", "seed of every random draw (default: 1)"),
  threads: flag("N", "CPU threads; default: all cores"),
  device: flag("NAME", "cpu, cuda, cuda:1 ... or mps; default: cpu"),
  quiet: { type: "boolean", description: "print only the file, when it is done" },
  json: { type: "boolean", description: "print one JSON object per line instead of text" },
} as const;

/**
 * The name that scores will carry.
 * @throws UsageError when it is none.
 */
function nameOf(dataset: string, given: string | undefined): string {
  const name = given ?? (isDatasetName(dataset) ? dataset : basename(resolve(dataset)).replace(/\.zip$/i, ""));
  if (classifierName.test(name) && name.length <= 100) return name;
  const whose = given === undefined ? `the name of ${dataset} (${name})` : `--name (=${name})`;
  const remedy = given === undefined ? "; give another with --name" : "";
  throw new UsageError(`${whose} must be letters, digits, dots, - and _, since scores are named after it${remedy}`);
}

/** Refuses to overwrite a file, and checks before the training that the file can be written. */
function refuseUnwritable(out: string): void {
  // This ending tells a file from the name of a feature network.
  fileNamed("--out", out, ".safetensors");
  if (existsSync(out)) throw new UserError(`--out ${out} exists, and a classifier is never overwritten; give another`);
  let folder = dirname(resolve(out));
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new UserError(`--out ${out}: the folder ${folder} cannot be written to`);
  }
}

/** The command, for the shell to mount. */
export const trainClassifier = defineCommand({
  meta: {
    name: "train-classifier",
    description: "Trains a classifier for scores, measures it on the test split and writes one safetensors file.",
  },
  args,
  examples: [
    { line: "gantry train-classifier mnist", does: "what the shipped mnist-classifier was trained with" },
    { line: "gantry train-classifier birds.zip --flip", does: "a classifier for data of your own" },
    {
      line: "gantry evaluate runs/birds --features birds-classifier.safetensors",
      does: "score a run with it",
    },
  ],
  async run({ args: flags }) {
    const name = nameOf(flags.dataset, flags.name);
    const out = flags.out ?? `${name}-classifier.safetensors`;
    const seed = wholeNumber("--seed", flags.seed, 0);
    const epochs = wholeNumber("--epochs", flags.epochs, 1);
    const width = wholeNumber("--width", flags.width, 1);
    const threads = wholeNumber("--threads", flags.threads, 1);
    const size = wholeNumber("--size", flags.size, LEAST_CLASSIFIER_SIZE) ?? 32;
    const channels = wholeNumber("--channels", flags.channels, 1);
    const device = flags.device ?? "cpu";
    if (!/^(cpu|cuda|mps)(:\d+)?$/.test(device))
      throw new UsageError(`--device (=${device}) must be cpu, cuda, cuda:<number> or mps`);
    if (width !== undefined && width > 256) throw new UsageError(`--width (=${width}) must be at most 256`);
    refuseUnwritable(out);
    const note = shadowed(flags.dataset);
    if (note !== undefined) process.stderr.write(`note: ${note}\n`);
    const { classifierSetup } = await import("../training/index.ts");
    const given = { seed, epochs, width, flip: flags.flip };
    const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const setup = { ...classifierSetup(name), ...own };
    const { dataset, testSplit = "test", quiet, json } = flags;
    const { makeClassifier } = await import("./make-classifier.ts");
    return makeClassifier({ dataset, name, out, setup, testSplit, size, channels, threads, device, quiet, json });
  },
});

/**
 * Whether a command line of a page is right, without running it: Gantry's own parser reads it, and its own functions check names,
 * values and settings. A word in capitals, such as RUN or DIR/a.png, stands for something of the reader's.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { keysOf } from "../../src/base/validation-message.ts";
import { valuesFor } from "../../src/cli/completion/values.ts";
import { metricsOf } from "../../src/cli/evaluate/metrics.ts";
import { protocolNames } from "../../src/cli/evaluate/settings.ts";
import { subjectOf } from "../../src/cli/sample/flags.ts";
import { parseLine } from "../../src/cli/shell.ts";
import { parseShard } from "../../src/cli/sweep.ts";
import {
  claims,
  type Experiment,
  expandGrid,
  experiments,
  loadSweep,
  parseAxis,
  parseOption,
  shippedSweeps,
} from "../../src/experiments/index.ts";
import { exportTargets } from "../../src/export/index.ts";
import { featureNames, preset } from "../../src/metrics/index.ts";
import { parseSetting, type Recipe, recipeForImages, shippedRecipes } from "../../src/recipe/index.ts";
import { recipeSchema } from "../../src/recipe/schema.ts";
import { loadTrainer, trainerOf } from "../../src/training/index.ts";
import { root } from "./pages.ts";
import { type Command, gantryArguments } from "./shell-lines.ts";

type Line = Awaited<ReturnType<typeof parseLine>>;

/** RUN, DIR/a.png, $HOME or <the run>: what the reader puts in. */
const isPlaceholder = (word: string): boolean => /^[A-Z][A-Z0-9_]*\b/.test(word) || /[$<]/.test(word);

/** A path and no name: `photos/`, `./a.ts`, `runs/x`, `photos.zip`. */
const isPath = (word: string): boolean => /[/\\.~]/.test(word);

/** A folder of images that the pages name without a slash. */
const isPhotos = (word: string): boolean => /^(\.\/)?photos(\/|\.zip|$)/.test(word);

/** The words that a flag takes, where there is a list of them. */
const lists: Readonly<Record<string, readonly string[]>> = {
  "evaluate protocol": protocolNames,
  "evaluate mode": ["eval", "train"],
  "export network": ["generator", "discriminator"],
  "export labels": ["classes", "shares"],
  "export layout": ["nchw", "nhwc"],
  "export to": Object.keys(exportTargets),
  "sample interpolate": ["linear", "spherical", "fixed"],
  "sweep at": ["final", "best"],
};

function refuse(flag: string, value: string, accepted: readonly string[]): void {
  if (!accepted.includes(value) && !isPlaceholder(value))
    throw new Error(`--${flag} (=${value}) must be one of ${accepted.join(", ")}`);
}

/** A recipe by name, a folder of photos, or undefined for a file that only the reader has. */
async function recipeOf(name: string): Promise<Recipe | undefined> {
  if (Object.hasOwn(shippedRecipes, name)) return (await loadTrainer(name)).trainer.settings as Recipe;
  if (isPhotos(name)) {
    const survey = { count: 48, classes: ["cat", "dog"], smallestClass: 24, side: 40, gray: false } as const;
    return recipeForImages("/photos", { ...survey, width: [48, 48], height: [40, 40] }, "photos").recipe;
  }
  if (isPlaceholder(name) || isPath(name)) return undefined;
  throw new Error(`there is no recipe \`${name}\``);
}

/** Applies the settings as the command would; without the recipe, only its keys are known. */
function checkSettings(recipe: Recipe | undefined, settings: readonly string[]): void {
  const own = settings.filter((text) => !isPlaceholder(text.split("=")[1] ?? "") && !isPlaceholder(text));
  if (recipe !== undefined) return void trainerOf(recipe).amended(own);
  for (const text of own) {
    const key = parseSetting(text).path[0]!;
    if (!keysOf(recipeSchema).includes(key)) throw new Error(`--set ${text}: a recipe has no key \`${key}\``);
  }
}

async function checkSweep({ positionals, values }: Line): Promise<void> {
  const name = positionals[0]!;
  const axes = (values.get("over") ?? []).map(parseAxis);
  const shard = values.get("shard")?.[0];
  if (shard !== undefined && !isPlaceholder(shard) && !shard.includes("$")) parseShard(shard);
  if (Object.hasOwn(shippedRecipes, name) || Object.hasOwn(shippedSweeps, name)) {
    const out = join(root, "node_modules/.sweep-of-no-run");
    const { sweep, base } = await loadSweep(name, { set: values.get("set") ?? [], axes, seeds: undefined, out });
    expandGrid(sweep, base);
  } else if (!isPath(name) && !isPlaceholder(name)) throw new Error(`there is no recipe or sweep \`${name}\``);
}

function checkExperiment({ path, positionals, values }: Line): void {
  const experiment = experiments[path.split(" ")[2]!] as Experiment;
  const options = Object.entries(experiment.options as Record<string, never>);
  const given = new Map(
    [...values].map(([name, list]) => [name.replace(/-(\w)/g, (_, l) => l.toUpperCase()), list[0]!]),
  );
  for (const [name, option] of options) {
    const value = given.get(name);
    if (value !== undefined && !isPlaceholder(value) && value !== "true") parseOption(`--${name}`, option, value);
  }
  for (const word of positionals) {
    const [name, option] = options.find(
      ([, each]) => (each as { meta(): { argument?: boolean } | undefined }).meta()?.argument,
    )!;
    if (!isPlaceholder(word) && !isPath(word)) parseOption(`<${name}>`, option, word);
  }
}

/** What the parser does not see: names, values, and settings. */
async function checkValues(line: Line): Promise<void> {
  const { path, command, positionals, values } = line;
  const name = path.split(" ")[1]!;
  const args = (command.args ?? {}) as Record<string, { valueHint?: string; type?: string }>;
  for (const [flag, list] of values) {
    const key = flag.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
    const hint = args[key]?.valueHint;
    for (const value of list) {
      if (isPlaceholder(value)) continue;
      if (hint === "N" && name !== "lab" && !/^\d[\d_]*(e\d+)?$/.test(value))
        throw new Error(`--${flag} (=${value}) must be a number`);
      if (hint !== undefined && /^\w+(\|\w+)+$/.test(hint)) refuse(flag, value, hint.split("|"));
      const accepted = lists[`${name} ${key}`];
      if (accepted !== undefined) refuse(flag, value, accepted);
      if (key === "device" && !/^(cpu|cuda|mps)(:\d+)?$/.test(value))
        throw new Error(`--device (=${value}) is no device`);
      if (key === "features" && !isPath(value)) refuse(flag, value, featureNames);
    }
  }
  const settings = values.get("set") ?? [];
  if (name === "train") checkSettings(await recipeOf(positionals[0]!), settings);
  if (name === "resume") checkSettings(undefined, settings);
  if (name === "sweep") await checkSweep(line);
  if (name === "lab") checkExperiment(line);
  if (name === "sample") subjectOf(Object.fromEntries([...values].map(([key, [value]]) => [key, value])));
  if (name === "reproduce" && positionals[0] !== undefined && !isPath(positionals[0]))
    refuse("claim", positionals[0], Object.keys(claims));
  if (name === "evaluate") {
    const protocol = values.get("protocol")?.[0] ?? "quick";
    const defaults = protocol === "run" || isPlaceholder(protocol) ? [] : preset(protocol).metrics;
    if (!values.has("import")) metricsOf(values.get("metrics")?.[0], settings, defaults);
  }
  if (path === "gantry data get")
    refuse(
      "name",
      positionals[0]!,
      (await valuesFor("data", "dataset", "")).map(({ word }) => word),
    );
}

const scripts = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts as Record<string, string>;

/** What is wrong with a command, or undefined. Of other programs only npm's scripts and node's files are looked at. */
export async function commandFault(command: Command): Promise<string | undefined> {
  const { words } = command;
  const script =
    words[0] === "npm" && (words[1] === "run" ? words[2] : ["test", "start"].find((name) => name === words[1]));
  if (script && !Object.hasOwn(scripts, script)) return `package.json has no script \`${script}\``;
  const args = gantryArguments(command);
  const file = words[0] === "node" && /^(scripts|bench|examples|bin)\//.test(words[1] ?? "") ? words[1]! : undefined;
  if (file !== undefined && !existsSync(join(root, file))) return `there is no ${file}`;
  if (args === undefined) return undefined;
  if (args.length === 0 || args.some((word) => ["--help", "-h", "--version", "-v", "help"].includes(word)))
    return undefined;
  try {
    await checkValues(await parseLine(args.filter((word) => word !== "--trust" && word !== "--stack")));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

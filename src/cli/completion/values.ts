/** What can stand in the place of an argument or a flag, by its name. Where nothing is known the shell completes files. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** A word that can be typed, and a few words about it. */
export interface Candidate {
  readonly word: string;
  readonly about: string;
}

const plain = (words: readonly string[]): Candidate[] => words.map((word) => ({ word, about: "" }));

const devices = () => plain(["cpu", "cuda", "mps"]);

const datasets = async () => plain((await import("../named-dataset.ts")).datasetNames);

const recipes = async () => plain(Object.keys((await import("../../recipe/index.ts")).shippedRecipes));

const targets = async () =>
  Object.entries((await import("../../export/index.ts")).exportTargets).map(([word, { summary }]) => ({
    word,
    about: summary,
  }));

/** By the full name of the command and the argument or flag; a name alone counts for every command. */
const known: Readonly<Record<string, (current: string) => Candidate[] | Promise<Candidate[]>>> = {
  run: runFolders,
  from: runFolders,
  "evaluate what": runFolders,
  recipe: recipes,
  dataset: datasets,
  device: devices,
  "export to": targets,
  "completion shell": () => plain(["bash", "zsh", "fish"]),
  "reproduce claim": async () => plain(Object.keys((await import("../../experiments/index.ts")).claims)),
};

/** The values of an argument or flag of a command, such as `run` of `sample`. */
export async function valuesFor(command: string, name: string, current: string): Promise<Candidate[]> {
  return (await (known[`${command} ${name}`] ?? known[name])?.(current)) ?? [];
}

/** The run folders next to the one being typed, or in `runs`; the newest first. */
function runFolders(current: string): Candidate[] {
  const folder = current.includes("/") ? dirname(`${current}x`) : "runs";
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => existsSync(join(path, "recipe.json")))
    .map((word) => ({ word, time: statSync(word).mtimeMs }))
    .sort((a, b) => b.time - a.time)
    .map(({ word }) => ({ word, about: "" }));
}

/** What the reader has chosen, and the latents and labels of its samples. */
import type { PageCondition, PageSettings } from "../settings.ts";
import { latentOf } from "./latents.ts";

/** The inputs of one sample. */
export interface Inputs {
  readonly latent: Float32Array;
  /** The class; shares of the classes; or scaled conditions. Not looked at where the generator takes no labels. */
  readonly label: number | Float32Array;
}

/** The settings of the controls. */
export interface Choice {
  /** Of the first sample; each further one has the next. */
  readonly seed: number;
  readonly truncation: number | undefined;
  /** One class for all; undefined: all in turn. */
  readonly classIndex: number | undefined;
  /** A value for each condition, as the data has them. */
  readonly conditions: readonly number[];
}

/** A value of a condition as the network gets it. */
export function scaled({ kind, mean, deviation }: PageCondition, value: number): number {
  if (kind === "flag") return value;
  return deviation === 0 ? 0 : (value - mean) / deviation;
}

/** The class of sample number `index`; undefined where samples have none. */
export function classOf({ labels, classes }: PageSettings, choice: Choice, index: number): number | undefined {
  if (labels !== "classes" && labels !== "shares") return undefined;
  return choice.classIndex ?? index % classes.length;
}

/** The inputs of one seed's sample. */
export function inputsOf(
  settings: PageSettings,
  choice: Pick<Choice, "truncation" | "conditions">,
  seed: number,
  label: number | undefined,
): Inputs {
  const { truncation, conditions } = choice;
  return { latent: latentOf(seed, { ...settings, truncation }), label: labelOf(settings, label, conditions) };
}

function labelOf(settings: PageSettings, label = 0, values: readonly number[]): number | Float32Array {
  if (settings.labels === "conditions")
    return Float32Array.from(settings.conditions, (one, i) => scaled(one, values[i]!));
  if (settings.labels === "shares") return Float32Array.from(settings.classes, (_, i) => (i === label ? 1 : 0));
  return label;
}

/** The command that draws the same samples. */
export function commandOf(settings: PageSettings, choice: Choice, count: number): string {
  const { labels, sample } = settings;
  const form = sample.length === 1 ? "npz" : "folder";
  const words = [`gantry sample RUN --to ${form} --seed ${choice.seed} --count ${count}`];
  if (choice.truncation !== undefined) words.push(`--truncation ${choice.truncation}`);
  if (choice.classIndex !== undefined && (labels === "classes" || labels === "shares")) {
    words.push(`--class '#${choice.classIndex}'`);
  }
  if (labels === "conditions") {
    const values = settings.conditions.map(({ name }, i) => listed(`${name}=${choice.conditions[i]}`));
    words.push(`--condition '${values.join(",").replaceAll("'", "'\\''")}'`);
  }
  return words.join(" ");
}

/** A name in a list of the command line: one with a comma or a quotation mark stands in quotes. */
const listed = (text: string): string => (/[",]/.test(text) ? JSON.stringify(text) : text);

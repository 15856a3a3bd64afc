/**
 * A claim of a paper as an experiment that can be repeated: what it says and where, the set-up that tests it, and the
 * rule by which the records confirm it, refute it or leave it undecided.
 *
 *     claim  ->  stages (experiments or sweeps, with fixed options)  ->  records  ->  finding  ->  verdict
 *
 * The rule is code, written before the records are seen. A family of differences is corrected by Holm's method. With
 * fewer seeds than the set-up has, or shorter runs, a claim stays undecided, whatever the numbers say: to stop when
 * the result pleases is to be wrong more often than one time in twenty.
 */
import { UserError } from "../base/errors.ts";
import { type Difference, differenceText, listed, shown, testsIn } from "./differences.ts";
import type { RecordedExperiment } from "./experiment.ts";
import type { ScoredCell, Sweep } from "./sweep/index.ts";

/** What the records say of a claim. */
export type Outcome = "confirmed" | "refuted" | "undecided";

/** What a claim's rule finds in records. */
export interface Finding {
  readonly outcome: Outcome;
  /** One sentence with the interval, without a full stop. */
  readonly evidence: string;
  /** Seeds (or draws, or starts) of what is compared, where there are fewest. */
  readonly seeds: number;
  /** Length of the shortest run, in the set-up's unit. */
  readonly length: number;
}

/** How large a test of a claim is. */
export interface Size {
  readonly seeds: number;
  readonly length: number;
}

/** One part of a set-up, measured in a folder of its own. The last part's records are what the rule sees. */
export type Stage = {
  /** Names the folder. */
  readonly name: string;
  /** Of one run or measurement. */
  readonly seconds: number;
} & (
  | {
      // biome-ignore lint/suspicious/noExplicitAny: experiments of any options
      readonly experiment: RecordedExperiment<any, any>;
      /** Options by name; the others have their defaults. Several: one after the other, into the same folder. */
      readonly options: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];
      /** Measurements, where the experiment trains no runs; default 1 for each of the options. */
      readonly count?: number;
    }
  | { readonly sweep: Sweep }
);

/** A claim as {@link defineClaim} takes it. */
export interface ClaimInput<R> {
  /** A word for the command line. */
  readonly name: string;
  /** One sentence. */
  readonly claim: string;
  /** Paper, section, number. */
  readonly source: string;
  /** One sentence: what is run. */
  readonly setup: string;
  /** Where the set-up is smaller than the paper's: what that means for the verdict. */
  readonly limits?: string;
  /** The set-up's size, and the unit of its length, such as "iterations". */
  readonly size: Size & { readonly unit: string; readonly seedsAre?: readonly [one: string, several: string] };
  /** Whether the length may be chosen; default true. Where it may not, `stages` always has that of the set-up. */
  readonly fixedLength?: boolean;
  /** The set-up at a size; a stage's folder is `folder`/`name`. */
  stages(size: Size, folder: string): readonly Stage[];
  /** One sentence: what confirms the claim, what refutes it. */
  readonly rule: string;
  /** The rule: of the last stage's records, or of its sweep's cells. */
  finding(records: readonly R[]): Finding;
  /** Where the seconds of the stages come from: the machine that they were measured on, or of what they are an estimate. */
  readonly cost: { readonly measured: string } | { readonly estimated: string };
  /** The file of docs/results/data that has records of the last stage. */
  readonly records?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a list of claims holds many types of records
export interface Claim extends ClaimInput<any> {}

const claims = new WeakSet<object>();

/** Whether a value came from {@link defineClaim}. */
export const isClaim = (value: unknown): value is Claim =>
  typeof value === "object" && value !== null && claims.has(value);

/**
 * Defines a claim, for `gantry reproduce`: a file's default export, or a line in `claims/registry.ts`.
 *
 * The type of the records is that of the last stage: an experiment's, or `ScoredCell` of a sweep.
 *
 * @throws UserError for a name that cannot name a folder, and for a size below one seed or one step
 *
 * @example
 * export default defineClaim<ScoredCell>({
 *   name: "hinge",
 *   claim: "The hinge loss has a better FID than the non-saturating one.",
 *   source: "Nobody 2026, section 1",
 *   setup: "narrow DCGANs on MNIST, both losses",
 *   size: { seeds: 3, length: 300, unit: "steps" },
 *   stages: ({ seeds, length }) => [{ name: "losses", sweep: losses(seeds, length), seconds: 10 }],
 *   rule: "Confirmed where FID is lower by p < 0.05, refuted where it is higher.",
 *   finding: ([hinge, other]) => decide([{ difference: fidOf(hinge, other), side: "lower" }], "every", 300),
 *   cost: { estimated: "ten seconds a run" },
 * });
 */
export function defineClaim<R>(input: ClaimInput<R>): Claim {
  if (!/^\w[\w.-]*$/.test(input.name))
    throw new UserError(`the claim's name (=${input.name}) must consist of letters, digits, \`-\`, \`_\` and \`.\``);
  for (const [name, value] of Object.entries({ seeds: input.size.seeds, length: input.size.length }))
    if (!Number.isInteger(value) || value < 1)
      throw new UserError(`the claim ${input.name}: size.${name} (=${value}) must be a whole number of at least 1`);
  const claim = { ...input };
  claims.add(claim);
  return claim;
}

/** A difference and the side of 0 on which the claim says that it lies. */
export interface Expected {
  readonly difference: Difference;
  readonly side: "higher" | "lower";
}

/**
 * The finding of a family of differences. A difference counts when its corrected p value is below 0.05.
 *
 * - `"every"`: confirmed when each lies on the side that the claim says, refuted when one lies on the other
 * - `"any"`: confirmed when one lies on the claim's side and none on the other, refuted the other way round
 *
 * @param expected - what the claim says of differences that {@link familyOf} corrected together
 * @param length - of the shortest run
 * @param tests - how many the family has, where it has more than `expected`
 */
export function decide(
  expected: readonly Expected[],
  need: "every" | "any",
  length: number,
  tests = testsIn(expected.map(({ difference }) => difference)),
): Finding {
  const found = expected.filter(({ difference }) => shown(difference));
  const agreeing = found.filter(({ difference, side }) => difference.tested.mean > 0 === (side === "higher")).length;
  const against = found.length - agreeing;
  const enough = need === "every" ? agreeing === expected.length : agreeing > 0;
  const outcome =
    against === 0 && enough
      ? "confirmed"
      : against > 0 && (need === "every" || agreeing === 0)
        ? "refuted"
        : "undecided";
  const texts = expected.map(({ difference }) => {
    const name = [difference.arm, difference.measure].filter((part) => part !== "").join(", ");
    return `${name} ${differenceText(difference)}`;
  });
  const holm = tests > 1 ? `; p by Holm's method over ${tests} differences` : "";
  const none = tests === 0 ? "; too few seeds for a test" : "";
  const seeds = Math.min(...expected.map(({ difference }) => difference.seeds));
  return { outcome, evidence: `${listed(texts)}${holm}${none}`, seeds, length };
}

/** The cell of a sweep with these values on its axes. @throws UserError when there is none */
export function armOf(cells: readonly ScoredCell[], ...values: readonly string[]): ScoredCell {
  const found = cells.find((cell) => values.every((value, i) => cell.values[i] === value));
  if (found === undefined) throw new UserError(`the records have no runs of ${values.join(", ")}`);
  return found;
}

/** The step of the shortest run of cells. */
export const shortest = (cells: readonly ScoredCell[]): number => Math.min(...cells.map(({ step }) => step));

/** The set-up in a sentence without a full stop; where another size is asked for, that of the claim too. */
export function setupText(claim: Pick<Claim, "setup" | "size">, size: Size): string {
  const [asked, own] = [sizeText(claim, size), sizeText(claim)];
  return `${claim.setup}; ${asked}${asked === own ? "" : `; the set-up has ${own}`}`;
}

/** A claim's verdict. */
export interface Verdict {
  readonly outcome: Outcome;
  /** `confirmed`, or `at 2 of 5 seeds: undecided`. */
  readonly text: string;
  readonly evidence: string;
  /** `5 seeds, 100,000 iterations`. */
  readonly size: string;
}

const number = (value: number): string => value.toLocaleString("en");

function seedsWord({ seedsAre = ["seed", "seeds"] }: Claim["size"], count: number): string {
  return seedsAre[count === 1 ? 0 : 1];
}

/** `5 seeds, 100,000 iterations`. */
export function sizeText({ size }: Pick<Claim, "size">, { seeds, length }: Size = size): string {
  return `${number(seeds)} ${seedsWord(size, seeds)}, ${number(length)} ${size.unit}`;
}

/** The verdict of a finding: undecided below the size of the set-up, which the text says. */
export function verdictOf(claim: Pick<Claim, "size">, { outcome, evidence, ...found }: Finding): Verdict {
  const { seeds, length, unit } = claim.size;
  const missing = [
    ...(found.seeds < seeds ? [`${number(found.seeds)} of ${number(seeds)} ${seedsWord(claim.size, seeds)}`] : []),
    ...(found.length < length ? [`${number(found.length)} of ${number(length)} ${unit}`] : []),
  ];
  const size = sizeText(claim, found);
  if (missing.length === 0) return { outcome, text: outcome, evidence, size };
  const alone = outcome === "undecided" ? "" : `; by these numbers alone it would be ${outcome}`;
  return { outcome: "undecided", text: `at ${missing.join(", ")}: undecided`, evidence: evidence + alone, size };
}

/** The options of a stage with an experiment, each with its defaults, as the experiment's schemas give them. */
export function stageOptions(stage: Extract<Stage, { experiment: unknown }>): Record<string, unknown>[] {
  const { experiment, options } = stage;
  const shape = experiment.options as Readonly<Record<string, { parse(value: unknown): unknown }>>;
  return [options].flat().map((given) => {
    const values = given as Readonly<Record<string, unknown>>;
    const unknown = Object.keys(values).find((name) => !Object.hasOwn(shape, name));
    if (unknown !== undefined)
      throw new UserError(
        `the experiment ${experiment.name} has no option \`${unknown}\`; it has ${Object.keys(shape).join(", ")}`,
      );
    return Object.fromEntries(Object.entries(shape).map(([name, option]) => [name, option.parse(values[name])]));
  });
}

const runsIn = ({ axes, seeds }: Sweep): number => axes.reduce((product, { values }) => product * values.length, seeds);

/** Runs or measurements of a stage. */
export function countOf(stage: Stage): number {
  if ("sweep" in stage) return runsIn(stage.sweep);
  const { experiment, count } = stage;
  const options = stageOptions(stage);
  if (!("sweep" in experiment)) return count ?? options.length;
  return options.reduce((sum, one) => sum + runsIn(experiment.sweep(one)), 0);
}

/** Seconds of all stages on one core. */
export const secondsOf = (stages: readonly Stage[]): number =>
  stages.reduce((sum, stage) => sum + countOf(stage) * stage.seconds, 0);

/**
 * Everything with everything: every technique with every loss and all networks, every pair of techniques, and every
 * technique on vectors. A combination trains, finite, to the same bits when it is interrupted, and with an effect of each
 * technique; or it is refused for the reason that matrix/cases.ts gives. `npm run matrix` runs 50 steps of every product.
 */
import { describe, expect, it } from "vitest";
import {
  type Case,
  FULL,
  missing,
  ON_VECTORS,
  PAIRS,
  REFUSALS,
  recipeOf,
  SILENT,
  SINGLES,
  stepsOf,
  TECHNIQUES,
  told,
} from "./matrix/cases.ts";
import { type Outcome, trial } from "./matrix/trial.ts";

const outcomes = new Map<string, Promise<Outcome>>();

/** Each combination is tried once. */
function outcomeOf(one: Case, steps = stepsOf(one)): Promise<Outcome> {
  const key = `${told(one)}, ${steps} steps`;
  const outcome = outcomes.get(key) ?? trial(recipeOf(one), steps);
  outcomes.set(key, outcome);
  return outcome;
}

/** What a technique may change: a player, or what is sampled. */
const EFFECTS = ["generator", "discriminator", "samples"] as const;

/** What is wrong with the combination; undefined for nothing. */
async function faultOf(one: Case): Promise<string | undefined> {
  const reasons = REFUSALS.filter(({ when }) => when(one)).map(({ says }) => says);
  const outcome = await outcomeOf(one);
  if ("refused" in outcome) {
    return reasons.some((says) => outcome.refused.includes(says)) ? undefined : `refused: ${outcome.refused}`;
  }
  if (reasons.length > 0) return `trained, and was to be refused: ${reasons}`;
  for (const left of one.techniques.filter((kind) => !SILENT.includes(kind))) {
    const fewer = { ...one, techniques: one.techniques.filter((kind) => kind !== left) };
    const without = await outcomeOf(fewer, stepsOf(one));
    if ("refused" in without || EFFECTS.some((part) => outcome.bits[part] !== without.bits[part])) continue;
    return `${left} has no effect`;
  }
  return undefined;
}

/** Tries all combinations before it says what is wrong with which. */
async function tryAll(cases: readonly Case[]): Promise<void> {
  const faults: string[] = [];
  for (const one of cases) {
    const fault = await faultOf(one).catch((error: Error) => error.stack);
    if (fault !== undefined) faults.push(`${told(one)}: ${fault}`);
  }
  expect(faults.join("\n")).toBe("");
}

const of = (cases: readonly Case[], first: string | undefined): Case[] =>
  cases.filter(({ techniques }) => techniques[0] === first);

describe(`the matrix${FULL ? ", 50 steps" : ""}`, { timeout: FULL ? 1_800_000 : 180_000 }, () => {
  it("has all networks, and no reason for a refusal that nothing meets", () => {
    expect([missing("generator"), missing("discriminator")]).toEqual([[], []]);
    const all = [...SINGLES, ...PAIRS, ...ON_VECTORS];
    expect(REFUSALS.filter(({ when }) => !all.some(when))).toEqual([]);
  });

  it.each(["no technique", ...TECHNIQUES])("%s: every loss, all networks", async (kind) => {
    await tryAll(of(SINGLES, kind === "no technique" ? undefined : kind));
  });

  it.each(TECHNIQUES.filter((kind) => of(PAIRS, kind).length > 0))("%s and every other technique", async (kind) => {
    await tryAll(of(PAIRS, kind));
  });

  it("every technique on vectors", async () => {
    await tryAll(ON_VECTORS);
  });
});

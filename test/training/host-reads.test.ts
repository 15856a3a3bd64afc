/**
 * A step never waits for the device: it copies no value that was computed there to JavaScript. What a step draws from streams on the
 * CPU is known to JavaScript anyway, until it is transferred.
 */
import { describe, expect, it } from "vitest";
import { Tensor } from "../../src/tensor/index.ts";
import { type OperatorCall, watchOperators } from "../../src/tensor/recording.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { type Case, networksFor, recipeOf, TECHNIQUES } from "./matrix/cases.ts";
import { ganOf } from "./matrix/trial.ts";

/** Reads in 8 steps that there have to be, and why. */
const ALLOWED: Readonly<Record<string, { readonly reads: number; readonly why: string }>> = {
  adaptiveAugmentation: { reads: 8, why: "p of the next step depends on D(real) of the interval, here of one update" },
  mine: {
    reads: 8 * 6,
    why: "the moving average of the denominator and the norms of gradients are numbers in double precision",
  },
};

/** Operators whose result has a size that depends on values, so that the device is waited for. */
const SIZED_BY_VALUES = [
  "aten::nonzero",
  "aten::masked_select",
  "aten::_unique2",
  "aten::unique_dim",
  "aten::bincount",
];

const tensorsIn = (values: unknown): Tensor[] =>
  values instanceof Tensor ? [values] : Array.isArray(values) ? values.flatMap(tensorsIn) : [];

/** What the step copies to JavaScript, or waits for, besides what it has drawn on the CPU. */
function readsOf(body: () => void): string[] {
  const reads: string[] = [];
  /** What was drawn or written down on the CPU, and what follows from that alone. */
  const ofTheHost = new WeakSet<Tensor>();
  const isOfTheHost = (tensors: readonly Tensor[]): boolean => tensors.every((tensor) => ofTheHost.has(tensor));
  const called = ({ operator, given, result }: OperatorCall): void => {
    const operands = tensorsIn(given);
    const host = isOfTheHost(operands) && operator !== "aten::to.device";
    if (host) for (const tensor of tensorsIn(result)) ofTheHost.add(tensor);
    const waits =
      operator === "aten::item" ||
      operator === "aten::equal" ||
      SIZED_BY_VALUES.some((name) => operator.startsWith(name));
    if (waits && !host) reads.push(operator);
  };
  const read = (tensor: Tensor): void => {
    if (!ofTheHost.has(tensor)) reads.push("toArray");
  };
  watchOperators({ called, read }, body);
  return reads;
}

async function readsOfSteps(one: Case): Promise<string[]> {
  const gan = await ganOf(recipeOf(one));
  // The first steps measure and calibrate, once in a run.
  for (let i = 0; i < 2; i++) trainingStep(gan).dispose();
  return readsOf(() => {
    for (let i = 0; i < 8; i++) trainingStep(gan).dispose();
  });
}

describe("what a step reads of the device", () => {
  it.each(["no technique", ...TECHNIQUES])("%s", async (kind) => {
    const techniques = kind === "no technique" ? [] : [kind];
    const reads = await readsOfSteps({
      techniques,
      loss: "nonSaturating",
      networks: networksFor(techniques),
      data: "images",
    });
    expect(reads).toHaveLength(ALLOWED[kind]?.reads ?? 0);
  });

  it("is noticed", () => {
    const weights = Tensor.ones([3]);
    expect(readsOf(() => weights.sum().item())).toEqual(["aten::item"]);
    expect(readsOf(() => weights.mul(2).toArray())).toEqual(["toArray"]);
    expect(readsOf(() => weights.nonzero())).toEqual(["aten::nonzero"]);
    expect(readsOf(() => Tensor.rand([3]).mul(2).toArray())).toEqual([]);
  });
});

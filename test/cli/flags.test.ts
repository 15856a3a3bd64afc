/** Flags: what is taken, and one plain sentence for each way to type them wrongly. */
import type { ArgsDef } from "citty";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/cli/errors.ts";
import { parseStrictly, valuesOf, wholeNumber, withFlags } from "../../src/cli/flags.ts";

const args: ArgsDef = {
  recipe: { type: "positional", required: true },
  extra: { type: "positional", required: false },
  out: { type: "string", valueHint: "DIR" },
  set: { type: "string", valueHint: "KEY=VALUE" },
  json: { type: "boolean" },
  averaged: { type: "boolean" },
  firstOf: { type: "string" },
};

const parse = (...words: string[]) => parseStrictly(words, args, "gantry train");

describe("parseStrictly", () => {
  it("keeps every value of a flag that is repeated, in order", () => {
    const { positionals, values } = parse("mnist", "--set", "a=1", "--json", "--set=b=2", "--first-of", "x");
    expect(positionals).toEqual(["mnist"]);
    expect(values.get("set")).toEqual(["a=1", "b=2"]);
    expect(values.get("first-of")).toEqual(["x"]);
    expect(valuesOf(["mnist", "--set", "a=1", "--set", "c=3"], args, "set")).toEqual(["a=1", "c=3"]);
    expect(valuesOf(["mnist"], args, "set")).toEqual([]);
  });

  it("takes a negated boolean, a value that begins with one dash, and words after --", () => {
    expect(parse("m", "--no-averaged").values.has("no-averaged")).toBe(true);
    expect(parse("m", "--out", "-1").values.get("out")).toEqual(["-1"]);
    expect(parse("m", "--", "--odd").positionals).toEqual(["m", "--odd"]);
    expect(parse("m", "-h", "--help").positionals).toEqual(["m"]);
  });

  it.each<[string[], string]>([
    [["m", "--ouy", "x"], "unknown flag --ouy; did you mean --out?"],
    [["m", "--zzzzzzzz"], "unknown flag --zzzzzzzz; see gantry train --help"],
    [["m", "-x"], "unknown flag -x"],
    [["m", "--out", "a", "--out", "b"], "--out is given twice"],
    [["m", "--no-out"], "unknown flag --no-out"],
    [["m", "--json=1"], "--json takes no value (it was given `1`)"],
    [["m", "--out"], "--out needs a value: --out DIR"],
    [["m", "--out="], "--out needs a value: --out DIR"],
    [["m", "--out", "--json"], "--out needs a value: --out DIR"],
    [[], "<recipe> is missing: gantry train <recipe>"],
    [["a", "b", "c"], "unexpected argument `c`; see gantry train --help"],
    [["a", "b", "c=3"], "unexpected argument `c=3`; write --set c=3"],
  ])("refuses %j", (words, message) => {
    expect(() => parse(...words)).toThrow(UsageError);
    expect(() => parse(...words)).toThrow(message);
  });
});

describe("wholeNumber", () => {
  it("reads whole numbers only", () => {
    expect(wholeNumber("--count", "64", 1)).toBe(64);
    expect(wholeNumber("--count", "2_000", 1)).toBe(2000);
    expect(wholeNumber("--count", "2e3", 1)).toBe(2000);
    expect(wholeNumber("--count", undefined, 1)).toBeUndefined();
    for (const text of ["0", "-1", "1.5", "x", "", "1e30", "99999999999999999999"])
      expect(() => wholeNumber("--count", text, 1)).toThrow(`--count (=${text}) must be a whole number of at least 1`);
  });
});

describe("withFlags", () => {
  it("adds the settings of flags, and refuses two values of one setting", () => {
    expect(withFlags(["batchSize=8"], { steps: 3, seed: undefined })).toEqual(["batchSize=8", "steps=3"]);
    expect(withFlags(["steps = 3", "steps=2_000"], { threads: 1 })).toHaveLength(3);
    expect(() => withFlags(["steps=7"], { steps: 3 })).toThrow("--steps 3 and --set steps=7 differ; give one of them");
    expect(withFlags(["steps=2_000"], { steps: 2000 })).toEqual(["steps=2_000", "steps=2000"]);
    expect(() => withFlags(["device=cuda"], { device: "cpu" })).toThrow(UsageError);
  });
});

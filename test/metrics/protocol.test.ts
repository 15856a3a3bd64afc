import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { differences, type Protocol, requireSameProtocol } from "../../src/metrics/protocol.ts";
import { isBetter, overSeeds, type Score, scoreName, scoreSchema } from "../../src/metrics/score.ts";

const protocol: Protocol = {
  features: "inception",
  featuresHash: "6726825d",
  resizer: "tf1-bilinear",
  quantiser: "rounding",
  real: { name: "cifar10 (train)", count: 50_000, hash: "aa" },
  fakeCount: 50_000,
  drawing: { averaged: true, mode: "eval", batch: 64, truncation: null, labels: "in turn" },
  options: { splits: 10 },
  seeds: [0],
};

/** What a protocol with these keys replaced differs in. */
const differing = (parts: Partial<Protocol>): string[] =>
  differences(protocol, { ...protocol, ...parts }).map(({ key, values }) => `${key}: ${values.join(" / ")}`);

describe("protocols", () => {
  it.each<[string, Partial<Protocol>, string[]]>([
    ["features", { features: "mnist-classifier" }, ["features: inception / mnist-classifier"]],
    ["weights", { featuresHash: "0" }, ["featuresHash: 6726825d / 0"]],
    ["resizer", { resizer: "torch-bilinear" }, ["resizer: tf1-bilinear / torch-bilinear"]],
    ["quantiser", { quantiser: "floor" }, ["quantiser: rounding / floor"]],
    ["the number of real images", { real: { ...protocol.real!, count: 10_000 } }, ["real.count: 50000 / 10000"]],
    ["the real images", { real: { ...protocol.real!, hash: "bb" } }, ["real.hash: aa / bb"]],
    ["no real images", { real: null }, ["real.count: 50000 / none", "real.hash: aa / none"]],
    ["generated images", { fakeCount: 5_000 }, ["fakeCount: 50000 / 5000"]],
    ["averaging", { drawing: { ...protocol.drawing!, averaged: false } }, ["drawing.averaged: true / false"]],
    ["mode", { drawing: { ...protocol.drawing!, mode: "train" } }, ["drawing.mode: eval / train"]],
    ["truncation", { drawing: { ...protocol.drawing!, truncation: 1.5 } }, ["drawing.truncation: null / 1.5"]],
    ["splits", { options: { splits: 1 } }, ["options.splits: 10 / 1"]],
  ])("differ in %s", (_, parts, expected) => {
    expect(differing(parts)).toEqual(expected);
  });

  it("agree whatever the seeds and the names for people are, and where another tool drew the images", () => {
    expect(differing({ seeds: [1, 2, 3] })).toEqual([]);
    expect(differing({ real: { ...protocol.real!, name: "another folder" } })).toEqual([]);
    expect(differing({ drawing: null, quantiser: "bytes as given" })).toEqual([]);
  });

  it("agree between a generator that takes labels and one that takes none", () => {
    expect(differing({ drawing: { ...protocol.drawing!, labels: "none" } })).toEqual([]);
  });

  it("are named in the refusal to compare", () => {
    const score = { of: "runs/a", name: "fid", protocol };
    const other = { of: "b.json", name: "fid", protocol: { ...protocol, fakeCount: 5_000, resizer: "other" } };
    expect(() => requireSameProtocol(score, score)).not.toThrow();
    expect(() => requireSameProtocol(score, other)).toThrow(UserError);
    expect(() => requireSameProtocol(score, other)).toThrow(
      "fid of runs/a and fid of b.json were measured under different protocols and cannot be compared: " +
        "`resizer` is tf1-bilinear in runs/a and other in b.json; `fakeCount` is 50000 in runs/a and 5000 in b.json",
    );
    expect(() => requireSameProtocol(score, { ...score, name: "kid" })).toThrow("are different scores");
  });
});

describe("scores", () => {
  const score: Score = { name: "fid", value: 10, better: "lower", protocol };

  it("are named after their network unless it is Inception", () => {
    expect(scoreName("fid", { name: "inception" })).toBe("fid");
    expect(scoreName("fid", { name: "mnist-classifier" })).toBe("fid@mnist-classifier");
  });

  it("have a better end", () => {
    expect([
      isBetter("lower", 1, 2),
      isBetter("lower", 2, 1),
      isBetter("higher", 2, 1),
      isBetter("higher", 1, 1),
    ]).toEqual([true, false, true, false]);
  });

  it("of several seeds become their mean with the standard deviation of a sample", () => {
    const evaluations = [10, 12, 17].map((value, seed) => [
      { ...score, value, std: 9, protocol: { ...protocol, seeds: [seed] } },
    ]);
    const [mean] = overSeeds(evaluations);
    expect(mean).toMatchObject({ value: 13, over: "3 seeds", protocol: { seeds: [0, 1, 2] } });
    expect(mean!.std).toBeCloseTo(Math.sqrt(13), 12);
    expect(overSeeds([evaluations[0]!])).toEqual(evaluations[0]);
  });

  it("are read back from JSON as they were", () => {
    expect(scoreSchema.parse(JSON.parse(JSON.stringify(score)))).toEqual(score);
    expect(scoreSchema.safeParse({ ...score, better: "sideways" }).success).toBe(false);
    expect(scoreSchema.safeParse({ ...score, protocol: { ...protocol, resizer: undefined } }).success).toBe(false);
  });
});

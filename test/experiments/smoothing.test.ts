/** The attack on D where its effect is known, and a short experiment from end to end. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runExperiment } from "../../src/experiments/index.ts";
import { smoothing, underAttack } from "../../src/experiments/smoothing.ts";
import { DiscriminatorNetwork } from "../../src/models/index.ts";
import { liveTensors, Tensor as T, type Tensor } from "../../src/tensor/index.ts";
import { temporaryFolder } from "../training/tiny.ts";
import { cells } from "./markdown.ts";

/** D(x) = 2 x1 - x2: a step of epsilon against the sign of the slope changes it by 3 epsilon. */
class Linear extends DiscriminatorNetwork {
  override forward(images: Tensor) {
    const [first, second] = [0, 1].map((i) => images.flatten(1).select(1, i)) as [Tensor, Tensor];
    const score = first.mul(2).sub(second);
    return { score, logits: score.unsqueeze(1), features: images, hidden: [] };
  }
}

describe("the fast gradient sign method", () => {
  it("changes a linear D by epsilon times the sum of its weights' sizes", () => {
    const discriminator = new Linear();
    // D: 0.1, 0.5, -0.2.
    const images = T.fromArray([
      [0.1, 0.1],
      [0.3, 0.1],
      [-0.1, 0],
    ]).view([3, 1, 1, 2]);
    const before = liveTensors();
    // Real images are pushed down: 0.1 falls below 0 from epsilon 0.034 on, 0.5 from 0.167 on.
    const shares = underAttack({ discriminator }, images, true, [0, 0.03, 0.04, 0.16, 0.17]);
    expect(shares.map((share) => Math.round(3 * share))).toEqual([2, 2, 1, 1, 0]);
    // Generated images are pushed up: -0.2 rises above 0 from epsilon 0.067 on.
    expect(
      underAttack({ discriminator }, images, false, [0, 0.06, 0.07]).map((share) => Math.round(3 * share)),
    ).toEqual([1, 1, 0]);
    expect(liveTensors()).toBe(before);
    images.dispose();
  });

  it("leaves no pixel outside of [-1, 1]", () => {
    const discriminator = new Linear();
    const images = T.fromArray([[0.9, 1]]).view([1, 1, 1, 2]);
    // 2 * 0.9 - 1 = 0.8 falls to 2 * 0.5 - 1 = 0 with an epsilon of 0.4, and not further by the second pixel, which is at its end.
    expect(underAttack({ discriminator }, images, true, [0.39, 0.41])).toEqual([1, 0]);
    images.dispose();
  });
});

it("trains both arms, attacks them, and makes the page", async () => {
  const folder = join(temporaryFolder(), "out");
  const options = { seeds: 1, steps: 2, images: 20, epsilons: [0.1] };
  const { records, sweep, tables } = await runExperiment(smoothing, options, folder, { threads: 1 });
  expect(sweep).toMatchObject({ runs: 2, finished: 2 });
  expect(records.map(({ targets }) => targets)).toEqual(["plain", "smoothed"]);
  for (const { real, fake } of records) {
    expect([real.length, fake.length]).toEqual([2, 2]);
    expect(real[1]).toBeLessThanOrEqual(real[0]!);
    expect(fake[1]).toBeLessThanOrEqual(fake[0]!);
  }
  expect(cells(tables)).toContain("| targets | images | seeds | no attack | 0.1 |");
  expect(readFileSync(join(folder, "tables.md"), "utf8")).toContain("![generated images](figures/fake.svg)");
}, 60_000);

/** The truncation trick. */
import { join } from "node:path";
import { decide, defineClaim } from "../claim.ts";
import { bySeed, familyOf } from "../differences.ts";
import { ganOverrides, ORDINARY } from "../gans.ts";
import { defineSweep } from "../sweep/index.ts";
import { type TruncationRecord, truncation } from "../truncation/truncation.ts";
import { STORED } from "./machines.ts";

const STEPS = 1_200;
/** The run that the sweep below makes. */
const RUN = "architecture=biggan-seed0";

export const truncationTrade = defineClaim<TruncationRecord>({
  name: "truncation",
  claim:
    "A smaller truncation threshold raises the Inception Score and the quality of samples, and lowers their variety.",
  source: "Iyengar et al., sections 1.1.10 and 3.1; Brock et al. 2019, section 3.1",
  setup: "a narrow BigGAN on MNIST, 1,200 steps, then gantry lab truncation on it: nine thresholds from none to 0.04",
  limits: "One network: seeds are draws of samples from it.",
  size: { seeds: 3, seedsAre: ["draw of samples", "draws of samples"], length: STEPS, unit: "steps" },
  fixedLength: true,
  stages: ({ seeds }, folder) => [
    {
      name: "biggan",
      sweep: defineSweep({
        recipe: "narrow-dcgan",
        set: ["data=mnist", "data.size=32", "evaluate.features=mnist-classifier"],
        over: { architecture: { biggan: [...ganOverrides("biggan", STEPS), ...ORDINARY, "batchSize=32"] } },
        seeds: 1,
      }),
      seconds: 190,
    },
    {
      name: "truncation",
      experiment: truncation,
      options: { run: join(folder, "biggan", "runs", RUN), features: "mnist-classifier", seeds },
      count: 9 * seeds,
      seconds: 3,
    },
  ],
  rule: "The threshold 0.5 minus none, by draw (Holm's method over three): confirmed where Inception Score and precision are higher and recall is lower, refuted where one is the other way round.",
  finding(records) {
    const values = (threshold: number | null, name: string) =>
      new Map(
        records
          .filter((record) => record.threshold === threshold)
          .map(({ seed, scores }) => [seed, scores.find((one) => one.name.startsWith(`${name}@`))!.value]),
      );
    const measures = [
      ["inceptionScore", "Inception Score", "higher"],
      ["precision", "precision", "higher"],
      ["recall", "recall", "lower"],
    ] as const;
    const family = familyOf(
      measures.map(([name, measure]) => ({
        arm: "threshold 0.5 minus none",
        measure,
        cells: [bySeed(values(0.5, name), values(null, name))],
      })),
    );
    const length = Math.min(...records.map(({ settings }) => settings.step));
    return decide(
      family.map((difference, i) => ({ difference, side: measures[i]![2] })),
      "every",
      length,
    );
  },
  cost: STORED,
  records: "exploring/truncation",
});

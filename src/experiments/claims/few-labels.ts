/** What the claims on MNIST with few labels share. */
import type { ClaimInput, Outcome } from "../claim.ts";
import { type SemiEnsemble, type SemiRecord, semi } from "../semi.ts";
import { interval, mean } from "../statistics.ts";
import { spreadText } from "../sweep/index.ts";
import { STORED } from "./machines.ts";

type Records = SemiRecord | SemiEnsemble;

/** The claim of one number of labels: the paper's errors of 10,000, mean and spread over ten draws. */
export function fewLabels(labels: number, errors: number, spread: number, records: string): ClaimInput<Records> {
  const limit = errors + 2 * spread;
  return {
    name: `mnist-${labels}-labels`,
    claim: `With ${labels} labels of MNIST the classifier of a semi-supervised GAN makes ${errors} ± ${spread} errors on 10,000 test images.`,
    source: "Salimans et al. 2016, section 6.1, table 1",
    setup: `gantry lab semi with ${labels} labels: the paper's networks, averaged weights of D`,
    size: { seeds: 10, seedsAre: ["label draw", "label draws"], length: 300, unit: "epochs" },
    stages: ({ seeds, length }) => [
      {
        name: "semi",
        experiment: semi,
        options: { labels: [labels], draws: seeds, seeds: 1, epochs: length },
        seconds: (3_834 * length) / 100,
      },
    ],
    rule: `The 95 % interval of the mean over label draws: confirmed where it ends below ${limit} (the paper's mean plus twice its spread), refuted where it begins above.`,
    finding(all) {
      const runs = all.filter((record): record is SemiRecord => "seed" in record && record.labels === labels);
      const draws = [...new Set(runs.map(({ draw }) => draw))].map((draw) =>
        mean(runs.filter((run) => run.draw === draw).map(({ curve }) => curve.at(-1)!.averaged)),
      );
      const found = interval(draws);
      const [low, high] = [found.mean - found.halfWidth, found.mean + found.halfWidth];
      const outcome: Outcome = high < limit ? "confirmed" : low > limit ? "refuted" : "undecided";
      const length = Math.min(...runs.map(({ epochs }) => epochs));
      const evidence = `${spreadText(found)} errors of 10,000, the paper's ${errors} ± ${spread}`;
      return { outcome, evidence, seeds: draws.length, length };
    },
    cost: STORED,
    records,
  };
}

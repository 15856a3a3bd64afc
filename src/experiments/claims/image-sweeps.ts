/** What the claims on images share: GANs x batch sizes, with and without top-k. */
import { armOf, type ClaimInput, decide, type Expected, shortest } from "../claim.ts";
import { bySeed, type Difference, differenceText, familyOf, find, listed, shown, testsIn } from "../differences.ts";
import { shippedSweeps } from "../shipped-sweeps.ts";
import type { ScoredCell } from "../sweep/index.ts";
import { STORED } from "./machines.ts";
import { ENTROPY, FID, INCEPTION, KL, MODES } from "./scores.ts";

const SCORES = [FID, INCEPTION, MODES, ENTROPY, KL];
const ALL = "all GANs and batch sizes";

/** Top-k minus all samples of a sweep over `gan`, `batchSize` and `update`: of each GAN, each batch size, and all. */
function familyIn(cells: readonly ScoredCell[]): Difference[] {
  const own = cells.filter(({ values }) => values[2] === "all");
  const valuesOn = (axis: number) => [...new Set(own.map(({ values }) => values[axis]!))];
  const groups = [
    ...[0, 1].flatMap((axis) =>
      valuesOn(axis).map((value) => ({ arm: value, cells: own.filter(({ values }) => values[axis] === value) })),
    ),
    { arm: ALL, cells: own },
  ];
  return familyOf(
    groups.flatMap(({ arm, cells: some }) =>
      SCORES.map(({ name, of }) => ({
        arm,
        measure: name,
        cells: some.map((cell) => bySeed(of(armOf(cells, cell.values[0]!, cell.values[1]!, "topK")), of(cell))),
      })),
    ),
  );
}

/** Of one sweep with the axes `gan`, `batchSize` and `update`. */
export const imagesClaim = (
  name: string,
  steps: number,
  seconds: number,
): Pick<
  ClaimInput<ScoredCell>,
  "setup" | "limits" | "size" | "fixedLength" | "stages" | "rule" | "finding" | "cost"
> => ({
  setup: `gantry sweep ${name}: GANs with narrow networks, batches of 32, 64 and 128, all samples against the top k`,
  limits:
    "The runs are less than two epochs long, and k falls within the first: the paper warns that this is too early. So the verdict is one on short runs.",
  size: { seeds: 3, length: steps, unit: "steps or more" },
  fixedLength: true,
  stages: ({ seeds }) => [{ name, sweep: { ...shippedSweeps[name]!, seeds }, seconds }],
  rule: "By seed, top-k minus all samples in five scores, of each GAN, each batch size and all together (Holm's method over all of these): confirmed where FID and Inception Score of all together are better, refuted where one of them is worse.",
  finding(cells) {
    const family = familyIn(cells);
    const both: Expected[] = [
      { difference: find(family, ALL, FID.name), side: "lower" },
      { difference: find(family, ALL, INCEPTION.name), side: "higher" },
    ];
    const found = decide(both, "every", shortest(cells), testsIn(family));
    const single = family.filter((one) => one.arm !== ALL && shown(one));
    const texts = single.map((one) => `${one.arm}, ${one.measure} ${differenceText(one)}`);
    const alone =
      texts.length === 0 ? "no single GAN or batch size differs" : `shown to differ alone: ${listed(texts)}`;
    return { ...found, evidence: `${found.evidence}; ${alone}` };
  },
  cost: STORED,
});

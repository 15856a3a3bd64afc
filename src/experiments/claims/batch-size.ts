/** Twice the batch. */
import { armOf, decide, defineClaim, shortest } from "../claim.ts";
import { bySeed, familyOf } from "../differences.ts";
import { shippedSweeps } from "../shipped-sweeps.ts";
import type { ScoredCell, Sweep } from "../sweep/index.ts";
import { STORED } from "./machines.ts";
import { betterSides, FID, INCEPTION } from "./scores.ts";

const DATA = ["mnist", "fashion-mnist"];
const NETWORKS = ["dcgan", "sn-dcgan"];

/** The sweep `exploring`, of these data sets and networks only. */
function sweep(seeds: number): Sweep {
  const { exploring } = shippedSweeps;
  const axes = exploring!.axes.map((axis, i) => {
    const kept = [DATA, NETWORKS][i];
    return kept === undefined ? axis : { ...axis, values: axis.values.filter(({ label }) => kept.includes(label)) };
  });
  return { ...exploring!, axes, seeds };
}

export const batchSize = defineClaim<ScoredCell>({
  name: "batch-size",
  claim: "A batch of 64 instead of 32 gives slight gains in Inception Score and FID.",
  source: "Iyengar et al., section 3.2, tables 1 and 2",
  setup: "narrow DCGANs and SN-DCGANs on MNIST and Fashion-MNIST, 1,200 steps, batches of 32 and 64",
  size: { seeds: 3, length: 1_200, unit: "steps" },
  fixedLength: true,
  stages: ({ seeds }) => [{ name: "batches", sweep: sweep(seeds), seconds: 25 }],
  rule: "By seed, 64 minus 32 in FID and Inception Score of two networks on two data sets (eight differences, Holm's method): confirmed where one is better and none worse, refuted where one is worse and none better.",
  finding(all) {
    const pairs = DATA.flatMap((data) =>
      NETWORKS.map(
        (network) => [data, network, armOf(all, data, network, "64"), armOf(all, data, network, "32")] as const,
      ),
    );
    const family = familyOf(
      pairs.flatMap(([data, network, large, small]) =>
        [FID, INCEPTION].map(({ name, of }) => ({
          arm: `${network} on ${data}`,
          measure: name,
          cells: [bySeed(of(large), of(small))],
        })),
      ),
    );
    return decide(betterSides(family), "any", shortest(pairs.flatMap(([, , large, small]) => [large, small])));
  },
  cost: STORED,
  records: "exploring/tables",
});

/** What the claims on MINE's estimates share. */
import { counted } from "../../base/counted.ts";
import type { ClaimInput, Outcome } from "../claim.ts";
import { type MineRecord, mine, tolerance } from "../mine.ts";
import { holm, mean, pooled } from "../statistics.ts";

/** P value of a mean error being beyond the tolerance; 1 where it is not. */
function beyond(cell: readonly MineRecord[]): number {
  const errors = cell.map(({ estimate, truth }) => estimate - truth);
  const centre = mean(errors);
  const allowed = tolerance(cell[0]!.truth);
  if (!(Math.abs(centre) > allowed)) return 1;
  return pooled([errors.map((error) => error - Math.sign(centre) * allowed)]).p;
}

/** The claim of one number of dimensions. */
export function mineClaim(dimensions: number): ClaimInput<MineRecord> {
  return {
    name: `mine-${dimensions}`,
    claim: `MINE estimates the mutual information of correlated Gaussians of ${counted(dimensions, "dimension")} closely.`,
    source: "Belghazi et al. 2018, section 4.1, cited by Iyengar et al., section 1.1.11",
    setup: `gantry lab mine with d = ${dimensions}: nine correlations from 0.1 to 0.9, 40,000 pairs`,
    size: { seeds: 3, length: 3_000, unit: "updates" },
    stages: ({ seeds, length }) => [
      {
        name: "mine",
        experiment: mine,
        options: { dimensions: [dimensions], seeds, steps: length },
        count: 9 * seeds,
        seconds: (43 * length) / 3_000,
      },
    ],
    rule: "Closely: within 0.02 nats, or 5 % where that is more. Confirmed where every estimate is, refuted where at some correlation the mean error over seeds is beyond it (Holm's method over the correlations).",
    finding(records) {
      const own = records.filter((record) => record.dimensions === dimensions);
      const rhos = [...new Set(own.map(({ rho }) => rho))];
      const cells = rhos.map((rho) => own.filter((record) => record.rho === rho));
      const within = own.filter(({ estimate, truth }) => Math.abs(estimate - truth) <= tolerance(truth)).length;
      const off = rhos.filter((_, i) => holm(cells.map(beyond))[i]! < 0.05);
      const outcome: Outcome = within === own.length ? "confirmed" : off.length > 0 ? "refuted" : "undecided";
      const shown =
        off.length === 0 ? "at no correlation is the mean shown to be beyond" : `beyond at rho ${off.join(", ")}`;
      return {
        outcome,
        evidence: `${within} of ${own.length} estimates lie within; ${shown} (Holm's method over ${rhos.length} correlations)`,
        seeds: Math.min(...cells.map(({ length }) => length)),
        length: Math.min(...own.map(({ steps }) => steps)),
      };
    },
    cost: {
      measured: "mean of the stored estimates, each on one core of a two-core AMD EPYC with AVX2, libtorch 1.13",
    },
    records: "mine",
  };
}

/**
 * Architecture x batch size x data set -> Inception Score and FID: the shape of Tables 1 and 2 of Iyengar, Pandey and Mehta,
 * whose rows are DCGAN and SN-DCGAN; here also residual networks, attention and both BigGANs.
 *
 *     gantry sweep exploring     6 architectures x 2 batch sizes x 3 data sets, 3 seeds each: 108 runs
 *
 * Networks of 8 or 16 channels at 32 x 32 (see `src/experiments/gans.ts`), 1,200 generator updates, or 480 where D has five to each.
 * Both BigGANs are conditional on the class, the others are not, as in the papers; FID compares them all with the same images.
 */
import { datasetAxis } from "../datasets.ts";
import { ganOverrides, ORDINARY, type SweepGan, stepsOf } from "../gans.ts";
import { defineSweep } from "../sweep/definition.ts";

const ARCHITECTURES: readonly SweepGan[] = ["dcgan", "sn-dcgan", "sngan", "sagan", "biggan", "biggan-deep"];

/** Times the length of the sweeps of top-k training. */
const LENGTH = 2;

/** The sweep. */
export const exploringTables = defineSweep({
  name: "exploring",
  recipe: "narrow-dcgan",
  over: {
    data: datasetAxis(),
    architecture: Object.fromEntries(
      ARCHITECTURES.map((name) => [name, [...ganOverrides(name, LENGTH * stepsOf(name)), ...ORDINARY]]),
    ),
    batchSize: [32, 64],
  },
  seeds: 3,
});

/**
 * D has won: it tells real and generated samples apart almost without an error, so that its loss is near its minimum and it
 * teaches G little (Arjovsky and Bottou 2017, "Towards Principled Methods for Training Generative Adversarial Networks",
 * section 2).
 */
import { type Check, short, unknown } from "../check.ts";
import { overlapOf } from "../overlap.ts";
import { isLasting, lastStretch, mean } from "../series.ts";

/** D(x) of real samples at least, and of generated ones at most. */
const REAL = 0.95;
const FAKE = 0.05;

export const discriminatorWins: Check = {
  name: "discriminator-wins",
  title: "D wins",
  measured: [],
  look(run) {
    const ticks = run.ticks.filter(({ dReal, dFake }) => dReal !== undefined && dFake !== undefined);
    if (ticks.length === 0) return unknown("the log has no `dReal` and `dFake`: it is not the run of a recipe");
    if (run.kindOf("loss") === "wasserstein") {
      return unknown("the outputs of a Wasserstein critic have no scale, and it should be ahead");
    }
    if (run.technique("featureMatching")?.mode === "replace") {
      return unknown("with feature matching G does not learn from D's output");
    }
    const stretch = lastStretch(ticks, ({ dReal, dFake }) => dReal! >= REAL && dFake! <= FAKE);
    if (!isLasting(stretch, ticks)) return "clear";
    const since = stretch[0]!.step;
    const [dReal, dFake] = [mean(stretch.map((tick) => tick.dReal!)), mean(stretch.map((tick) => tick.dFake!))];
    const overlaps = run.outputs.filter(({ step }) => step >= since).map(({ histogram }) => overlapOf(histogram));
    const overlap = mean(overlaps);
    const of = overlaps.length === 0 ? "" : `; D's outputs overlap by ${short(100 * overlap)} %`;
    return {
      since,
      evidence: `D(real) is ${short(dReal)} and D(fake) ${short(dFake)} in the mean of the last ${stretch.length} lines of the log${of}.`,
      numbers: { dReal, dFake, lines: stretch.length, ...(overlaps.length === 0 ? {} : { overlap }) },
    };
  },
};

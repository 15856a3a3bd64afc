/**
 * G has won: D gives generated samples larger outputs than real ones, so that it no longer says what is real. Where both
 * are in balance D(real) and D(fake) are equal; this is more than that.
 */
import { type Check, short, unknown } from "../check.ts";
import { isLasting, lastStretch, mean } from "../series.ts";

/** D(fake) above D(real), at least. */
const AHEAD = 0.1;

export const generatorWins: Check = {
  name: "generator-wins",
  title: "G wins",
  measured: [],
  look(run) {
    const ticks = run.ticks.filter(({ dReal, dFake }) => dReal !== undefined && dFake !== undefined);
    if (ticks.length === 0) return unknown("the log has no `dReal` and `dFake`: it is not the run of a recipe");
    const stretch = lastStretch(ticks, ({ dReal, dFake }) => dFake! - dReal! >= AHEAD);
    if (!isLasting(stretch, ticks)) return "clear";
    const [dReal, dFake] = [mean(stretch.map((tick) => tick.dReal!)), mean(stretch.map((tick) => tick.dFake!))];
    return {
      since: stretch[0]!.step,
      evidence: `D(fake) is ${short(dFake)} and D(real) ${short(dReal)} in the mean of the last ${stretch.length} lines of the log: D calls generated samples the more real ones.`,
      numbers: { dReal, dFake, lines: stretch.length },
    };
  },
};

/**
 * Saturation: G's gradient has vanished because the slope of its objective has (Goodfellow et al. 2014, section 3: log(1 - D(G(z)))
 * saturates when D rejects its samples), or G's last activation is at its limits for nearly every pixel.
 */

import { counted } from "../../base/counted.ts";
import { type Check, type Finding, type Outcome, short, unknown } from "../check.ts";
import type { Evidence } from "../evidence.ts";
import { lastStretch, median } from "../series.ts";

/** Lines of the log that the check needs, and those that a value is the median of. */
const LINES = 20;
const WINDOW = 10;
/** The present norm of G's gradient over the largest that it had. */
const VANISHED = 1e-3;
/** Share of a grid's bytes that are 0 or 255, and how far it is above that of the data. */
const EXTREME = 0.95;
const ABOVE_DATA = 0.1;
/** Real images that are looked at. */
const REAL_IMAGES = 256;

export const saturation: Check = {
  name: "saturation",
  title: "saturation",
  measured: [],
  async look(run) {
    const gradient = vanished(run);
    if (isFinding(gradient)) return gradient;
    const pixels = await atLimits(run);
    return isFinding(pixels) ? pixels : gradient;
  },
};

const isFinding = (outcome: Outcome): outcome is Finding => outcome !== "clear" && !("unknown" in outcome);

function vanished({ ticks }: Evidence): Outcome {
  const points = ticks.flatMap(({ step, gradNormG }) => (gradNormG === undefined ? [] : [{ step, norm: gradNormG }]));
  if (points.length < LINES) {
    return unknown(`the log has ${counted(points.length, "norm")} of G's gradient, and ${LINES} are needed`);
  }
  const medians = points.slice(WINDOW - 1).map(({ step }, i) => ({
    step,
    norm: median(points.slice(i, i + WINDOW).map((point) => point.norm)),
  }));
  const largest = Math.max(...medians.map(({ norm }) => norm));
  const now = medians.at(-1)!.norm;
  const stretch = lastStretch(medians, ({ norm }) => norm <= VANISHED * largest);
  if (stretch.length === 0) return "clear";
  return {
    since: stretch[0]!.step,
    evidence: `The norm of G's gradient is ${short(now)}, and was ${short(largest)} (medians of ${WINDOW} lines of the log): G hardly learns.`,
    numbers: { now, largest, ratio: now / largest },
  };
}

/** Whether nearly all pixels of the newest grids are black or white, and those of the data are not. */
async function atLimits(run: Evidence): Promise<Outcome> {
  if (!run.isOfImages) return unknown("the run makes vectors");
  if (run.grids.length === 0) return unknown("the run has no sample grid");
  const shareOf = (bytes: ArrayLike<number>): number =>
    Array.from(bytes).filter((byte) => byte === 0 || byte === 255).length / bytes.length;
  const newest = run.grids.at(-1)!;
  const share = shareOf((await run.images(newest)).pixels);
  if (share < EXTREME) return "clear";
  const { images, count } = await run.dataset();
  const real = shareOf(images.narrow(0, 0, Math.min(count, REAL_IMAGES)).toArray() as Uint8Array);
  if (share < real + ABOVE_DATA) return "clear";
  return {
    since: newest.step,
    evidence: `${short(100 * share)} % of the values of the newest samples are at the ends of their range, and ${short(100 * real)} % of the data's.`,
    numbers: { share, real },
    picture: newest.file,
  };
}

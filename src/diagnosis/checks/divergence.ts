/**
 * Training diverges, or is about to: a number of the log is not finite, or a player's gradient or loss has grown far beyond
 * what it was.
 */
import { counted } from "../../base/counted.ts";
import type { RunEvent, Tick } from "../../training/index.ts";
import { type Check, type Outcome, short, unknown } from "../check.ts";
import { lastStretch, median } from "../series.ts";

/** Lines of the log that the check needs, and those that the present value is the median of. */
const LINES = 20;
const NOW = 5;
/** How far a number must have grown from its median in the first tenth of the lines, and from that between there and the middle. */
const FROM_BEGINNING = 200;
const FROM_FIRST_HALF = 20;
/** Where the growth began: this far above the second. */
const GROWING = 5;
/** Losses near 0 can grow far and stay small. */
const LEAST_LOSS = 10;

const SERIES = {
  gradNormD: "the norm of D's gradient",
  gradNormG: "the norm of G's gradient",
  lossD: "D's loss",
  lossG: "G's loss",
};
type Name = keyof typeof SERIES;

export const divergence: Check = {
  name: "divergence",
  title: "training diverges",
  measured: [
    {
      page: "results/games.md",
      text: "On the Dirac-GAN, R1 is far better.",
    },
  ],
  look({ lines, ticks }) {
    const ended = lines.findLast(
      (line): line is RunEvent =>
        "event" in line && ["start", "resume", "stop", "finish", "fail"].includes(String(line.event)),
    );
    if (ended?.event === "fail" && /diverged/.test(ended.message ?? "")) {
      // The message names the step of the first number that is not finite; the event, the line at which that was seen.
      const step = Number(/^step (\d+):/.exec(ended.message ?? "")?.[1] ?? ended.step);
      return { since: step, evidence: `The run has failed: ${ended.message}.`, numbers: { step } };
    }
    if (ticks.length < LINES) return unknown(`the log has ${counted(ticks.length, "line")}, and ${LINES} are needed`);
    const found = (Object.keys(SERIES) as Name[]).flatMap((name) => growthOf(name, ticks) ?? []);
    const [worst] = found.sort((a, b) => b.numbers.factor! - a.numbers.factor!);
    return worst ?? "clear";
  },
};

function growthOf(name: Name, ticks: readonly Tick[]): Exclude<Outcome, "clear" | { unknown: string }> | undefined {
  const points = ticks.flatMap((tick) =>
    tick[name] === undefined ? [] : [{ step: tick.step, value: Math.abs(tick[name]) }],
  );
  if (points.length < LINES) return undefined;
  const medianOf = (from: number, to: number): number =>
    median(points.slice(Math.floor(from * points.length), Math.floor(to * points.length)).map(({ value }) => value));
  const [beginning, before] = [medianOf(0, 0.1), medianOf(0.1, 0.5)];
  const now = median(points.slice(-NOW).map(({ value }) => value));
  const hasGrown = beginning > 0 && now >= FROM_BEGINNING * beginning && now >= FROM_FIRST_HALF * before;
  if (!hasGrown || (name.startsWith("loss") && now < LEAST_LOSS)) return undefined;
  const [first] = lastStretch(points, ({ value }) => value >= GROWING * before);
  return {
    since: first?.step ?? points.at(-1)!.step,
    evidence: `${SERIES[name]} is ${short(now)} (median of the last ${NOW} lines of the log), and was ${short(beginning)} in the first tenth of them and ${short(before)} up to the middle.`,
    numbers: { now, beginning, before, factor: now / before },
  };
}

/** What another length of a resumed run does to its schedule, which may reach its end with the run. */
import type { RunSettings } from "../trainable.ts";

/** The length in words and in steps. */
interface Length {
  readonly words: string;
  readonly steps: number;
}

/** How many steps are compared, at most. */
const COMPARED = 200;

/**
 * One sentence where the learning rates go another way from `step` on than before the length was changed; undefined where
 * they do not, or nothing was trained yet.
 *
 * @example
 * scheduleChange(settings, { words: "steps 1000", steps: 1000 }, { words: "3000", steps: 3000 }, 1000);
 */
export function scheduleChange(
  { schedule }: RunSettings,
  before: Length,
  after: Length,
  step: number,
): string | undefined {
  if (schedule === undefined || step === 0 || before.steps === after.steps) return undefined;
  const [old, now] = [schedule.build(before), schedule.build(after)];
  const stride = Math.max(1, Math.floor((after.steps - step) / COMPARED));
  let at = step;
  while (at < after.steps && old.factor(at) === now.factor(at)) at += stride;
  if (at >= after.steps) return undefined;
  const text = (factor: number): string => String(Number(factor.toPrecision(3)));
  return (
    `${before.words} is now ${after.words}, and the schedule ${schedule.kind} ends with the run: learning rates change ` +
    `from here on (in step ${at} ${text(now.factor(at))} times the configured ones; they would have been ` +
    `${text(old.factor(at))} times), so the result is not that of a run of ${after.steps} steps from its start`
  );
}

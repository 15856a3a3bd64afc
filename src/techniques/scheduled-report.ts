/** The numbers of a technique that follow a schedule, for the log. */
import { isCurve, type Moment, type Scheduled, valueAt } from "../optim/index.ts";

/** What {@link reportOf} makes. */
export interface ScheduledReport {
  /** Takes the values of the step that begins at this moment. */
  at(moment: Moment): void;
  /** The values of the last step, by name; of numbers that stay, none. */
  numbers(): Readonly<Record<string, number>>;
}

/** Follows those of the named numbers that have a schedule. */
export function reportOf(values: Readonly<Record<string, Scheduled>>): ScheduledReport {
  const curves = Object.entries(values).filter(([, value]) => isCurve(value));
  let numbers: Record<string, number> = {};
  return {
    at(moment) {
      if (curves.length > 0)
        numbers = Object.fromEntries(curves.map(([name, value]) => [name, valueAt(value, moment)]));
    },
    numbers: () => numbers,
  };
}

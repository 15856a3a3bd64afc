/** Schedules of the learning rate. */
import { z } from "zod";
import { definer } from "../base/descriptor.ts";
import { UserError } from "../base/errors.ts";

/** A factor of the learning rate, by step. */
export interface Schedule {
  /** The factor in step `step`. The first step is 0. */
  factor(step: number): number;
}

/** What a schedule's descriptor needs to build it. */
export interface ScheduleContext {
  /** Length of the run in steps. */
  readonly steps: number;
}

/** Defines a schedule: its kind, the zod schema of its options, and a function that makes it for a run's length. */
export const defineSchedule = definer<"schedule", ScheduleContext, Schedule>("schedule");

/**
 * The configured learning rate throughout.
 *
 * @example
 * constant().build({ steps: 1000 }).factor(999); // 1
 */
export const constant = defineSchedule(
  "constant",
  z.strictObject({}),
  (_options, _context: ScheduleContext): Schedule => ({
    factor: () => 1,
  }),
);

const stepNumber = z.int("must be a whole number of steps").min(0, "must be at least 0");

/**
 * The configured rate up to step `from`, then a straight line that reaches `final` times the rate at step `to` and
 * stays there. Defaults: from 0, to the end of the run, final 0 (SNGAN and its reference implementations on CIFAR-10).
 *
 * @throws UserError for an unknown option or one out of range, and at build when `to` does not come after `from`.
 *
 * @example
 * linearDecay({ from: 50_000, to: 100_000, final: 0.1 });
 */
export const linearDecay = defineSchedule(
  "linearDecay",
  z.strictObject({
    from: stepNumber.default(0),
    to: stepNumber.optional(),
    final: z.number().min(0, "must be at least 0").default(0),
  }),
  ({ from, to, final }, context: ScheduleContext): Schedule => {
    const end = to ?? context.steps;
    if (end <= from) {
      const source = to === undefined ? "the length of the run" : "`to`";
      throw new UserError(`linearDecay: ${source} (=${end}) must be greater than \`from\` (=${from})`);
    }
    return {
      factor: (step) => 1 + (final - 1) * Math.min(Math.max((step - from) / (end - from), 0), 1),
    };
  },
);

/**
 * Numbers that change while networks are trained: a learning rate, a decay, the weight of a penalty, a probability. Any option
 * that takes a schedule is a number that stays, or a curve from one number to another. R3GAN (Huang et al. 2024, "The GAN is
 * dead; long live the GAN!") has five cosines.
 *
 * Not to be confused with a recipe's `schedule` ({@link ./schedules.ts}), a factor of the learning rates of both networks.
 */
import { z } from "zod";
import { validationMessage } from "../base/validation-message.ts";

const SHAPES = ["cosine", "linear", "exponential"] as const;

/** A number that goes from one value to another and stays there. */
export interface Curve {
  readonly schedule: (typeof SHAPES)[number];
  readonly from: number;
  readonly to: number;
  /** When it reaches `to`. */
  readonly until: number;
  /** What `until` counts: steps (updates of G), or real images that D has been trained on. Default steps. */
  readonly in?: "steps" | "images";
}

/** A number that stays as it is, or a {@link Curve}. */
export type Scheduled = number | Curve;

/** How far training is. */
export interface Moment {
  /** Updates of G done. */
  readonly step: number;
  /** Real images that D has been trained on, counted with repetition. */
  readonly images: number;
}

/** By the share t of the way, above 0 and below 1. */
const AT: Readonly<Record<Curve["schedule"], (from: number, to: number, t: number) => number>> = {
  cosine: (from, to, t) => to + ((from - to) * (1 + Math.cos(Math.PI * t))) / 2,
  linear: (from, to, t) => from + (to - from) * t,
  exponential: (from, to, t) => from * (to / from) ** t,
};

/** The value of a number in the step that begins at that moment. */
export function valueAt(value: Scheduled, moment: Moment): number {
  if (typeof value === "number") return value;
  const { schedule, from, to, until } = value;
  const t = (value.in === "images" ? moment.images : moment.step) / until;
  if (t <= 0) return from;
  return t >= 1 ? to : AT[schedule](from, to, t);
}

/** Whether it changes. */
export const isCurve = (value: unknown): value is Curve =>
  typeof value === "object" && value !== null && "schedule" in value && "until" in value;

/** Options of {@link cosine}, {@link linear} and {@link exponential}. */
export type CurveOptions = Omit<Curve, "schedule">;

/**
 * Half a wave of a cosine, for any option that takes a schedule. With t from 0 to 1 at `until`, and 1 from there on:
 *
 *     to + (from - to) (1 + cos(pi t)) / 2
 *
 * - `from`, `to`: numbers that the option itself accepts.
 * - `until`: when it reaches `to`, in steps or, with `in: "images"`, in real images that D has been trained on.
 *
 * @example
 * adam({ lr: cosine({ from: 2e-4, to: 5e-5, until: 20_000_000, in: "images" }), betas: [0, 0.99] });
 */
export const cosine = (options: CurveOptions): Curve => ({ schedule: "cosine", ...options });

/**
 * A straight line, with the options of {@link cosine}: from + (to - from) t.
 *
 * @example
 * topK({ share: linear({ from: 1, to: 0.75, until: 10_000 }) });
 */
export const linear = (options: CurveOptions): Curve => ({ schedule: "linear", ...options });

/**
 * The same factor in every step, with the options of {@link cosine}: from (to / from)^t. Both numbers must be above 0.
 *
 * @example
 * r1({ weight: exponential({ from: 1, to: 0.1, until: 10_000 }) });
 */
export const exponential = (options: CurveOptions): Curve => ({ schedule: "exponential", ...options });

/** The schema of an option that takes a schedule: that number, or a curve both of whose ends are such numbers. */
export function scheduled(number: z.ZodNumber) {
  const curve = z
    .strictObject({
      schedule: z.enum(SHAPES),
      from: number,
      to: number,
      until: z.int().positive(),
      in: z.enum(["steps", "images"]).default("steps"),
    })
    .refine(({ schedule, from, to }) => schedule !== "exponential" || (from > 0 && to > 0), {
      path: ["schedule"],
      message: "needs `from` and `to` above 0: it multiplies by the same factor in every step",
    });
  return z.union([number, curve], { error: ({ input }) => faultOf(input, curve) });
}

/** What is wrong with a curve; undefined for what is none. */
function faultOf(input: unknown, curve: z.ZodType): string | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  const { error } = curve.safeParse(input);
  return error && `has a fault: ${validationMessage(error, curve, input)}`;
}

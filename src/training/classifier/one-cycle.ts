/** The learning rate of a short training: one rise, one fall (Smith and Topin 2018, arXiv 1708.07120, in straight lines). */
import type { Schedule } from "../../optim/index.ts";

/**
 * Rises to the configured rate over the first `rise` of the steps and falls to 0 after the last.
 *
 * With w = ceil(rise x steps): factor(t) = (t + 1) / w for t < w, and (steps - t) / (steps - w + 1) from there on.
 *
 * @param rise - share of the steps, between 0 and 1
 *
 * @example
 * oneCycle(10, 0.2).factor(1); // 1: the second of two rising steps
 */
export function oneCycle(steps: number, rise: number): Schedule {
  const warm = Math.ceil(rise * steps);
  return { factor: (step) => (step < warm ? (step + 1) / warm : (steps - step) / (steps - warm + 1)) };
}

/** The test error of a discriminator that is a classifier, as a metric. */
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import type { Tensor } from "../../tensor/index.ts";
import { type Classified, defineMetric } from "../metric.ts";

const options = z.strictObject({ averaged: z.boolean().default(false) });

/**
 * How many images of the whole test split the discriminator puts into another class than theirs (its largest logit), in
 * evaluation mode. For runs with `semiSupervised`. It looks at no generated image.
 *
 * - `averaged` (default false): also with the averaged weights of `weightAveraging({ players: "discriminator" })`, as the authors' code of
 *   Salimans et al. 2016 measures.
 *
 * Scores: `testErrors` (a count) and `testError` (in percent); with `averaged` also `testErrorsAveraged` and
 * `testErrorAveraged`.
 *
 * @throws UserError when averaged weights are asked for and the run keeps none.
 *
 * @example
 * evaluate: { every: 3_000, metrics: [testError()] }
 */
export const testError = defineMetric("testError", options, {
  description: "test images that the discriminator, as a classifier, puts into a wrong class",
  needs: { classified: true },
  scores: { testErrors: "lower", testError: "lower", testErrorsAveraged: "lower", testErrorAveraged: "lower" },
  given: ({ averaged }) => [
    "testErrors",
    "testError",
    ...(averaged ? (["testErrorsAveraged", "testErrorAveraged"] as const) : []),
  ],
  protocol: () => ({ split: "test" }),
  compute({ classified }, { averaged }) {
    if (averaged && classified.averaged === undefined) {
      throw new UserError(
        '`testError.averaged` (=true): the run keeps no averaged discriminator; add weightAveraging({ players: "discriminator" })',
      );
    }
    const percent = (errors: number | undefined) => errors && (100 * errors) / classified.count;
    const errors = errorsOf(classified, classified.logits);
    const ofAveraged = averaged ? errorsOf(classified, classified.averaged) : undefined;
    return {
      testErrors: errors,
      testError: percent(errors),
      testErrorsAveraged: ofAveraged,
      testErrorAveraged: percent(ofAveraged),
    };
  },
});

/** How many images' largest logit is not that of their class; undefined without logits. */
function errorsOf({ labels }: Classified, logits: Tensor | undefined): number | undefined {
  return logits?.argmax(1).ne(labels).sum().item();
}

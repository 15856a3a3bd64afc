/** The test error of a discriminator that is a classifier, as a metric. */
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import type { Tensor } from "../../tensor/index.ts";
import { type Classified, defineMetric, type Measured, type Metric } from "../metric.ts";

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
export const testError = defineMetric("testError", options, ({ averaged }): Metric => {
  const lower = "lower" as const;
  return {
    kind: "testError",
    needs: { fake: [], real: [], classified: true },
    scores: {
      testErrors: lower,
      testError: lower,
      ...(averaged ? { testErrorsAveraged: lower, testErrorAveraged: lower } : {}),
    },
    options: { split: "test" },
    compute(_fake, _real, _random, classified): Readonly<Record<string, Measured>> {
      const plain = errorsOf(classified!, classified!.logits);
      const scores = { testErrors: { value: plain }, testError: { value: (100 * plain) / classified!.count } };
      if (!averaged) return scores;
      if (classified!.averaged === undefined) {
        throw new UserError(
          '`testError.averaged` (=true): the run keeps no averaged discriminator; add weightAveraging({ players: "discriminator" })',
        );
      }
      const value = errorsOf(classified!, classified!.averaged);
      const share = (100 * value) / classified!.count;
      return { ...scores, testErrorsAveraged: { value }, testErrorAveraged: { value: share } };
    },
  };
});

function errorsOf({ labels }: Classified, logits: Tensor): number {
  return logits.argmax(1).ne(labels).sum().item();
}

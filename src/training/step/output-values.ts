/** A judgement as a list of tensors, and back, for passes over a divided batch. */
import type { DiscriminatorOutput } from "../../models/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import type { MicroBatchPass } from "./micro-batch-pass.ts";

/** Score, logits, features, and the hidden activations. */
export function valuesOf({ score, logits, features, hidden }: DiscriminatorOutput): Tensor[] {
  return [score, logits, features, ...hidden];
}

/** The judgement whose {@link valuesOf} are `count` values of a pass from the `first` on; each is gathered when it is asked for. */
export function judgementFrom(pass: MicroBatchPass, first: number, count: number): DiscriminatorOutput {
  return {
    get score() {
      return pass.value(first);
    },
    get logits() {
      return pass.value(first + 1);
    },
    get features() {
      return pass.value(first + 2);
    },
    get hidden() {
      return Array.from({ length: count - 3 }, (_, i) => pass.value(first + 3 + i));
    },
  };
}

/** Some rows of a judgement; each part is gathered only if it is asked for. */
export function judgementOf(whole: DiscriminatorOutput, some: (part: Tensor) => Tensor): DiscriminatorOutput {
  return {
    get score() {
      return some(whole.score);
    },
    get logits() {
      return some(whole.logits);
    },
    get features() {
      return some(whole.features);
    },
    get hidden() {
      return whole.hidden.map(some);
    },
  };
}

/** D's output of some of its rows, and as a plain list of tensors. */
import type { DiscriminatorOutput } from "../../models/index.ts";
import type { Tensor } from "../../tensor/index.ts";

/** An output whose tensors are made by `change`, each when it is first read. */
export function mapOutput(output: DiscriminatorOutput, change: (tensor: Tensor) => Tensor): DiscriminatorOutput {
  return {
    get score() {
      return change(output.score);
    },
    get logits() {
      return change(output.logits);
    },
    get features() {
      return change(output.features);
    },
    get hidden() {
      return output.hidden.map(change);
    },
  };
}

/** Score, logits, features, and the hidden activations. */
export function tensorsOf({ score, logits, features, hidden }: DiscriminatorOutput): Tensor[] {
  return [score, logits, features, ...hidden];
}

/** The output whose {@link tensorsOf} are `value(0)` to `value(count - 1)`; each is computed when it is first read. */
export function outputOf(count: number, value: (i: number) => Tensor): DiscriminatorOutput {
  return {
    get score() {
      return value(0);
    },
    get logits() {
      return value(1);
    },
    get features() {
      return value(2);
    },
    get hidden() {
      return Array.from({ length: count - 3 }, (_, i) => value(3 + i));
    },
  };
}

/**
 * A judgement whose gradient with respect to the images can be had for some of them alone, for networks that are a body
 * of layers (images to features) and a head.
 */
import { type RowForward, rowsOf } from "../nn/index.ts";
import { grad, noGrad, type Tensor } from "../tensor/index.ts";
import type { DiscriminatorOutput } from "./network.ts";

/** What a discriminator says of a batch, and the way back from it to chosen images. */
export interface RowJudgement {
  /** Of the whole batch. What is computed from it is recorded for gradients, but only from the features on. */
  readonly judgement: DiscriminatorOutput;
  /**
   * The gradient of `loss`, a number computed from the judgement, with respect to the images of the given rows
   * (int64 [k]; null: all): [k, ...]. The loss must depend on no other row. To be asked for once.
   */
  imageGradient(loss: Tensor, rows: Tensor | null): Tensor;
}

/** Judges a batch like `forward`, without recording the way from the images to the features. */
export type RowJudge = (images: Tensor, labels?: Tensor) => RowJudgement;

/** The two parts of a network. */
export interface RowJudgeParts {
  /** Images, as the layers want to have them. */
  prepare(images: Tensor): Tensor;
  /** What makes features of them, which are flattened; undefined when the layers do not offer it. */
  readonly body: RowForward | undefined;
  head(features: Tensor, labels: Tensor | undefined): DiscriminatorOutput;
}

/**
 * The {@link RowJudge} of a network; undefined when its body does not offer its half.
 *
 * @example
 * rowJudge({ prepare: (images) => images.flatten(1), body: body.rowForward, head: (features, labels) => head.forward([features], labels) });
 */
export function rowJudge({ prepare, body, head }: RowJudgeParts): RowJudge | undefined {
  if (body === undefined) return undefined;
  return (images, labels) => {
    const pass = noGrad(() => body(prepare(images)));
    const { shape, ndim } = pass.output;
    // The head is small, and a loss may use any part of the judgement: from the features on autograd does its work.
    const features = pass.output.flatten(1).detach().requiresGrad_();
    return {
      judgement: head(features, labels),
      imageGradient: (loss, rows) => {
        const [found] = grad(loss, [features]) as [Tensor];
        return noGrad(() => {
          const wanted = rowsOf(found, rows);
          const maps = wanted.view([wanted.shape[0]!, ...shape.slice(1)]);
          const format = ndim === 4 && !pass.output.isContiguous() ? "channelsLast" : "contiguous";
          const gradient = pass.inputGradient(maps.contiguous(format), rows);
          return gradient.reshape([wanted.shape[0]!, ...images.shape.slice(1)]);
        });
      },
    };
  };
}

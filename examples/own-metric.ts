/**
 * A metric of your own: are the classes of generated images as frequent as those of real ones?
 *
 *     npx gantry train ./own-metric.ts
 *     npx gantry evaluate runs/<the run>
 */
import { adam, dcgan, defineMetric, defineRecipe, fid, hinge, mnist, type Tensor, z } from "gantry";

/** How frequent each of the K classes is among the logits [N, K]: by the largest logit, or by mean probability. */
function frequencies(logits: Tensor, soft: boolean): Tensor {
  const classes = logits.shape[1]!;
  return soft ? logits.softmax(1).mean(0) : logits.argmax(1).bincount(classes).float().div(logits.shape[0]!);
}

/** The total variation distance of class frequencies, 1/2 sum over k of |p_k - q_k|: 0 if they are equal, at most 1. */
export const classDistance = defineMetric("classDistance", z.strictObject({ soft: z.boolean().default(false) }), {
  description: "total variation distance of class frequencies",
  // What `compute` gets to see of generated (fake) and of real images, of
  //   features [N, D], the feature network's activations;  logits [N, K], its classes;  moments, the features' mean and
  //   covariance;  images [N, C, H, W], the pixels. It is computed once for all metrics.
  needs: { fake: ["logits"], real: ["logits"] },
  // The names of its numbers, and which end is the better one.
  scores: { classDistance: "lower" },
  compute({ fake, real }, { soft }) {
    const difference = frequencies(fake.logits, soft).sub(frequencies(real.logits, soft));
    return { classDistance: difference.abs().sum().item() / 2 };
  },
});

export default defineRecipe({
  data: mnist({ size: 32 }),
  generator: dcgan.generator({ latent: 64, width: 32 }),
  discriminator: dcgan.discriminator({ width: 32, spectralNorm: true }),
  loss: hinge(),
  optimizers: { generator: adam({ lr: 2e-4 }), discriminator: adam({ lr: 4e-4 }) },
  steps: 2_000,
  // The scores go to the terminal, the log and the report; the checkpoint with the best `best` is kept.
  evaluate: {
    every: 500,
    features: "mnist-classifier",
    metrics: [fid(), classDistance({ soft: true })],
    samples: 1_000,
    best: "classDistance",
  },
});

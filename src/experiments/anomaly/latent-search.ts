/**
 * Latent search (AnoGAN; Schlegl et al. 2017, "Unsupervised Anomaly Detection with Generative Adversarial Networks to
 * Guide Marker Discovery", section 2.2): of each image the nearest one that the generator can make, found by gradient
 * steps on its latent. What the generator has never seen it cannot make, and the distance that is left is the anomaly
 * score.
 */
import { frozenStatistics } from "../../nn/index.ts";
import { adam } from "../../optim/index.ts";
import { Generator, grad, keep, noGrad, scope, type Tensor } from "../../tensor/index.ts";
import { type BuiltGan, drawLatents, type LatentSource } from "../../training/index.ts";

/** How to search. */
export interface LatentSearchOptions {
  /** Gradient steps. The paper takes 500; default 100. */
  readonly steps?: number | undefined;
  /** Of the features' distance against the pixels'; the paper's lambda, default 0.1. */
  readonly featureWeight?: number | undefined;
  /** Adam's learning rate on z (betas 0.9, 0.999); the paper names none. Default 0.1. */
  readonly lr?: number | undefined;
  /** Of the latents that the search begins from; default 0. */
  readonly seed?: number | undefined;
}

/** What is left when the search ends, of each image. */
export interface Residuals {
  /** (1 - lambda) pixels + lambda features. */
  readonly total: readonly number[];
  /** Sum of |x - G(z)|. */
  readonly pixels: readonly number[];
  /** Sum of |f(x) - f(G(z))|. */
  readonly features: readonly number[];
}

/**
 * Searches the latents of all images [N, C, S, S] at once, each for itself:
 *
 *     z <- argmin (1 - lambda) sum |x - G(z)| + lambda sum |f(x) - f(G(z))|
 *
 * f is the discriminator's features, the input of its last layer. The rows share no number: their losses are summed,
 * both networks are put into evaluation mode (batch norm takes its running statistics), and Adam works entry by entry.
 * So a score depends neither on which other images are searched nor on their order, apart from the latent that it
 * begins from. The networks are left in training mode, as they are during a run, with the state that they had.
 *
 * The latents begin where the GAN's latents are drawn from, by `seed`, the same for the row of the same number.
 *
 * @example
 * const { total } = searchLatents(gan, images, { steps: 500 });
 */
export function searchLatents(
  gan: Pick<LatentSource, "recipe"> & Pick<BuiltGan, "generator" | "discriminator">,
  images: Tensor,
  { steps = 100, featureWeight = 0.1, lr = 0.1, seed = 0 }: LatentSearchOptions = {},
): Residuals {
  const { generator, discriminator } = gan;
  const networks = [generator, discriminator];
  for (const network of networks) network.eval().requiresGrad_(false);
  try {
    return scope(() =>
      frozenStatistics(() => {
        const wanted = noGrad(() => discriminator.forward(images).features);
        const start = drawLatents(gan, images.shape[0]!, new Generator(seed));
        const latents = keep(start.requiresGrad_(true));
        const optimizer = adam({ lr }).build({ parameters: [latents] });
        const residuals = (): { pixels: Tensor; features: Tensor; total: Tensor } => {
          const made = generator.forward(latents);
          const pixels = made.sub(images).abs().flatten(1).sum([1]);
          const features = discriminator.forward(made).features.sub(wanted).abs().sum([1]);
          return { pixels, features, total: pixels.mul(1 - featureWeight).add(features.mul(featureWeight)) };
        };
        try {
          for (let step = 0; step < steps; step++) {
            scope(() => optimizer.step(grad(residuals().total.sum(), [latents])));
          }
          const found = noGrad(residuals);
          const numbers = (tensor: Tensor): number[] => Array.from(tensor.toArray(), Number);
          return { total: numbers(found.total), pixels: numbers(found.pixels), features: numbers(found.features) };
        } finally {
          optimizer.dispose();
          latents.dispose();
        }
      }),
    );
  } finally {
    for (const network of networks) network.train().requiresGrad_(true);
  }
}

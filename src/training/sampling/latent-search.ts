/**
 * Latent search (AnoGAN; Schlegl et al. 2017, "Unsupervised Anomaly Detection with Generative Adversarial Networks to
 * Guide Marker Discovery", section 2.2): of each image the nearest one that the generator can make, found by gradient
 * steps on its latent. What the generator has never seen it cannot make, and the distance that is left is the anomaly
 * score. The same search projects a given image onto the generator.
 */
import { UserError } from "../../base/errors.ts";
import type { DiscriminatorNetwork } from "../../models/index.ts";
import { frozenStatistics, Module } from "../../nn/index.ts";
import { adam, type Optimizer } from "../../optim/index.ts";
import { Generator, grad, keep, noGrad, scope, Tensor } from "../../tensor/index.ts";
import { drawLatents, type LatentSource } from "../step/gan.ts";
import type { Samplable } from "../trainable.ts";

/** How to search. */
export interface LatentSearchOptions {
  /** Of the features' distance against the pixels'; the paper's lambda, default 0.1. */
  readonly featureWeight?: number | undefined;
  /** Adam's learning rate on z (betas 0.9, 0.999); the paper names none. Default 0.1. */
  readonly lr?: number | undefined;
  /** Of the latents that the search begins from; default 0. */
  readonly seed?: number | undefined;
  /** Labels of the images, int64 [N], for networks that take them. */
  readonly labels?: Tensor | undefined;
  /** Runs a pass of the networks in another state, such as with averaged weights; default: as they are. */
  readonly within?: (<T>(body: () => T) => T) | undefined;
}

/** How {@link searchLatents} searches. */
export interface SearchLatentsOptions extends LatentSearchOptions {
  /** Gradient steps. The paper takes 500; default 100. */
  readonly steps?: number | undefined;
}

/** What is left between the images and what the generator makes of their latents. */
export interface Residuals {
  /** (1 - lambda) pixels + lambda features. */
  readonly total: readonly number[];
  /** Sum of |x - G(z)|. */
  readonly pixels: readonly number[];
  /** Sum of |f(x) - f(G(z))|; 0 where lambda is 0 and there is no discriminator. */
  readonly features: readonly number[];
}

/** The networks of a search. */
export interface Searchable extends Pick<LatentSource, "recipe"> {
  readonly generator: Samplable["generator"];
  /** Not needed where `featureWeight` is 0. */
  readonly discriminator?: DiscriminatorNetwork | undefined;
}

/** What G makes of the latents, and how far that is from the images. */
interface Comparison {
  readonly made: Tensor;
  readonly pixels: Tensor;
  readonly features: Tensor;
  readonly total: Tensor;
}

/**
 * The search for the latents of images [N, C, H, W], step by step:
 *
 *     z <- argmin (1 - lambda) sum |x - G(z)| + lambda sum |f(x) - f(G(z))|
 *
 * f is the discriminator's features, the input of its last layer. The rows share no number: their losses are summed,
 * both networks are put into evaluation mode (batch norm takes its running statistics), and Adam works entry by entry.
 * So a distance depends neither on which other images are searched nor on their order, apart from the latent that it
 * begins from. Between two calls the networks are in training mode, as they are during a run, with the state that they
 * had.
 *
 * Dispose of it when done.
 *
 * @throws UserError for a `featureWeight` above 0 without a discriminator.
 */
export class LatentSearch {
  readonly #gan: Searchable;
  readonly #images: Tensor;
  readonly #options: LatentSearchOptions;
  readonly #weight: number;
  /** f(x). */
  readonly #wanted: Tensor | undefined;
  readonly #latents: Tensor;
  readonly #optimizer: Optimizer;

  constructor(gan: Searchable, images: Tensor, options: LatentSearchOptions = {}) {
    const { featureWeight = 0.1, lr = 0.1, seed = 0 } = options;
    const { discriminator } = gan;
    if (featureWeight > 0 && discriminator === undefined) {
      throw new UserError(
        `featureWeight (=${featureWeight}): there is no discriminator whose features could be compared`,
      );
    }
    this.#gan = gan;
    this.#images = images;
    this.#options = options;
    this.#weight = featureWeight;
    this.#wanted = this.#pass(() => {
      const features = discriminator && noGrad(() => discriminator.forward(images, options.labels).features);
      return features && keep(features);
    });
    this.#latents = scope(() => {
      const start = drawLatents(gan, images.shape[0]!, new Generator(seed));
      return keep(start.requiresGrad_(true));
    });
    this.#optimizer = adam({ lr }).build({ parameters: [this.#latents] });
  }

  /** z [N, latent] as it is now; it stays the search's. */
  get latents(): Tensor {
    return this.#latents;
  }

  /** Begins at these latents, [N, latent], or at one for all, [1, latent]; before the first step. */
  moveTo(latents: Tensor): void {
    noGrad(() => this.#latents.copy_(latents));
  }

  /** Makes gradient steps, with the learning rate times `factor`. */
  advance(steps: number, factor = 1): void {
    this.#optimizer.lr = this.#optimizer.baseLr * factor;
    for (let step = 0; step < steps; step++) {
      this.#pass(() => this.#optimizer.step(grad(this.#compare().total.sum(), [this.#latents])));
    }
  }

  /** The distances that are left. */
  residuals(): Residuals {
    return this.#pass(() => numbersOf(noGrad(() => this.#compare())));
  }

  /** G(z) [N, C, H, W], with the distances; the caller owns the images. */
  images(): { images: Tensor; residuals: Residuals } {
    return this.#pass(() => {
      const compared = noGrad(() => this.#compare());
      return { images: keep(compared.made.detach().clone()), residuals: numbersOf(compared) };
    });
  }

  dispose(): void {
    this.#optimizer.dispose();
    this.#latents.dispose();
    this.#wanted?.dispose();
  }

  #compare(): Comparison {
    const { generator, discriminator } = this.#gan;
    const { labels } = this.#options;
    const made = generator.forward(this.#latents, labels);
    const pixels = made.sub(this.#images).abs().flatten(1).sum([1]);
    if (discriminator === undefined) return { made, pixels, features: Tensor.zerosLike(pixels), total: pixels };
    const features = discriminator.forward(made, labels).features.sub(this.#wanted!).abs().sum([1]);
    return { made, pixels, features, total: pixels.mul(1 - this.#weight).add(features.mul(this.#weight)) };
  }

  /** Runs the networks as they evaluate. */
  #pass<T>(body: () => T): T {
    const { generator, discriminator } = this.#gan;
    const { within = (inner) => inner() } = this.#options;
    const networks = [generator, ...(discriminator === undefined ? [] : [discriminator])];
    const trained = networks.filter((network) => network instanceof Module);
    for (const network of networks) network.eval();
    for (const network of trained) network.requiresGrad_(false);
    try {
      return scope(() => frozenStatistics(() => within(body)));
    } finally {
      for (const network of networks) network.train();
      for (const network of trained) network.requiresGrad_(true);
    }
  }
}

function numbersOf({ total, pixels, features }: Comparison): Residuals {
  const numbers = (tensor: Tensor): number[] => Array.from(tensor.toArray(), Number);
  return { total: numbers(total), pixels: numbers(pixels), features: numbers(features) };
}

/**
 * Searches the latents of all images [N, C, H, W] at once; see {@link LatentSearch}. The latents begin where the GAN's
 * latents are drawn from, by `seed`, the same for the row of the same number.
 *
 * @example
 * const { total } = searchLatents(gan, images, { steps: 500 });
 */
export function searchLatents(
  gan: Searchable,
  images: Tensor,
  { steps = 100, ...options }: SearchLatentsOptions = {},
): Residuals {
  const search = new LatentSearch(gan, images, options);
  try {
    search.advance(steps);
    return search.residuals();
  } finally {
    search.dispose();
  }
}

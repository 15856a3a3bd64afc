/**
 * Mixtures of Gaussians in the plane: the smallest data on which a generator can lose modes, and the only data here
 * with a known distribution.
 */
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { Generator, noGradScope, Tensor } from "../../tensor/index.ts";
import { defineDataset } from "../define.ts";
import type { Batch, DataLoader, LoaderRequest, LoaderState } from "../loader.ts";
import type { Mixture, VectorData, VectorLoaderOptions } from "../vectors.ts";
import { arrangements, centresOf, isSquare } from "./arrangements.ts";

const positive = (what: string) => z.number(`must be ${what}`).positive("must be above 0");
const count = z.int("must be a whole number").min(1, "must be at least 1");

const options = z
  .strictObject({
    arrangement: z.enum(arrangements, `must be one of: ${arrangements.join(", ")}`).default("grid"),
    modes: count.max(1_000_000, "must be at most 1000000").default(25),
    sigma: positive("a standard deviation").default(0.05),
    spacing: positive("a distance").default(1),
    samplesPerEpoch: count.optional(),
  })
  .superRefine(({ arrangement, modes }, context) => {
    if (arrangement !== "grid" || isSquare(modes)) return;
    const side = Math.floor(Math.sqrt(modes));
    context.addIssue({
      code: "custom",
      path: ["modes"],
      message: `must be a square number for a grid, such as ${side ** 2} or ${(side + 1) ** 2}`,
    });
  });

/**
 * A mixture of isotropic 2-D Gaussians of equal weight, drawn for every batch: no sample comes twice.
 *
 * - `arrangement` (default "grid"): "grid", "ring" or "spiral"; see `centresOf` for their geometry.
 * - `modes` (default 25): how many Gaussians; a square number for a grid.
 * - `sigma` (default 0.05): standard deviation along each axis.
 * - `spacing` (default 1): distance between neighbouring centres.
 * - `samplesPerEpoch`: how many vectors count as an epoch. Such data have none of their own: without this option the
 *   epoch stays 0, a recipe gives its length in `steps`, and topK anneals by `everySteps`.
 *
 * The means are placed as in Sinha et al. 2020, section 3 ("evenly spaced on a 2D grid", sigma 0.05); the spacing of 1
 * is that of a public reproduction.
 *
 * @throws UserError for an option out of range, and for a grid whose `modes` is no square number.
 *
 * @example
 * data: mixtureOfGaussians({ arrangement: "grid", modes: 25, sigma: 0.05, spacing: 1 })
 */
export const mixtureOfGaussians = defineDataset(
  "mixtureOfGaussians",
  options,
  async ({ arrangement, modes, sigma, spacing, samplesPerEpoch }): Promise<VectorData> => {
    const mixture: Mixture = { centres: centresOf(arrangement, modes, spacing), sigma };
    return {
      name: `mixture of ${modes} Gaussians (${arrangement}, spacing ${spacing}, sigma ${sigma})`,
      features: 2,
      samplesPerEpoch,
      mixture,
      loader: (loaderOptions) => new MixtureLoader(mixture, samplesPerEpoch, loaderOptions),
    };
  },
);

/**
 * Batches of a mixture. All randomness comes from one generator, whose state lets a resumed run continue bit for bit.
 */
class MixtureLoader implements DataLoader {
  readonly #mixture: Mixture;
  readonly #samplesPerEpoch: number | undefined;
  readonly #options: VectorLoaderOptions;
  readonly #generator: Generator;
  #drawn = 0;

  constructor(mixture: Mixture, samplesPerEpoch: number | undefined, options: VectorLoaderOptions) {
    this.#mixture = mixture;
    this.#samplesPerEpoch = samplesPerEpoch;
    this.#options = options;
    this.#generator = new Generator(options.seed);
  }

  get epoch(): number {
    return this.#samplesPerEpoch === undefined ? 0 : this.#drawn / this.#samplesPerEpoch;
  }

  get withoutEpochs(): boolean {
    return this.#samplesPerEpoch === undefined;
  }

  next(): Batch {
    return noGradScope(() => {
      const { batchSize: size, device = "cpu" } = this.#options;
      const random = { generator: this.#generator };
      const modes = Tensor.randint(0, this.#mixture.centres.length, [size], random);
      const noise = Tensor.randn([size, 2], random).mul_(this.#mixture.sigma);
      this.#drawn += size;
      const centres = Tensor.fromArray(this.#mixture.centres);
      const images = centres.indexSelect(0, modes).add_(noise).to({ device });
      return { images, labels: undefined };
    });
  }

  state(): LoaderState {
    return { tensors: new Map([["generator", this.#generator.getState()]]), numbers: { drawn: this.#drawn } };
  }

  /** @throws UserError when the state is incomplete. */
  load({ tensors, numbers }: LoaderState): void {
    const generator = tensors.get("generator");
    const { drawn } = numbers;
    if (generator === undefined || drawn === undefined || !Number.isInteger(drawn) || drawn < 0) {
      throw new UserError(`the saved state of the mixture's loader is incomplete (${drawn ?? "?"} samples drawn)`);
    }
    this.#generator.setState(generator);
    this.#drawn = drawn;
  }

  auxiliary({ batchSize = this.#options.batchSize, perClass }: LoaderRequest, seed: number): DataLoader {
    if (perClass !== undefined) {
      throw new UserError("a mixture of Gaussians has no class labels, and a technique asks for labelled samples");
    }
    return new MixtureLoader(this.#mixture, this.#samplesPerEpoch, { ...this.#options, batchSize, seed });
  }
}

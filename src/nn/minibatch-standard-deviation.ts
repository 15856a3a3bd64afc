/** Minibatch standard deviation (Karras et al. 2018, "Progressive Growing of GANs", section 3). */
import { UserError } from "../base/errors.ts";
import { Tensor } from "../tensor/index.ts";
import { inFloat32 } from "./float32.ts";
import { UnaryModule } from "./module.ts";
import { apartFromReference } from "./reference-rows.ts";
import { requirePositive } from "./sizes.ts";

/** Keeps the root's derivative finite where all samples are equal. The value of the authors' code. */
const EPS = 1e-8;

/**
 * Appends one number to the features [N, F] of each sample: the standard deviation of each feature over a group of
 * samples, averaged over the features. It is the same for the whole group. With n = N / `group` groups, sample i is in
 * group i mod n, as in the authors' code. A smaller batch is one group.
 *
 * @throws UserError for a batch that does not divide into groups.
 *
 * @example
 * new MinibatchStandardDeviation(512, { group: 4 }).forward(features); // [N, 513]
 */
export class MinibatchStandardDeviation extends UnaryModule {
  readonly outputs: number;
  readonly group: number;

  /**
   * @param features - Inputs a sample has.
   * @param options - `group`: samples per group; default 4, as in the authors' code; the paper takes the whole batch.
   */
  constructor(features: number, { group = 4 }: { group?: number } = {}) {
    super();
    requirePositive("MinibatchStandardDeviation", { features, group });
    this.outputs = features + 1;
    this.group = group;
  }

  override get couplesSamples(): boolean {
    return true;
  }

  override forward(given: Tensor): Tensor {
    const features = inFloat32(given);
    return Tensor.cat([features, apartFromReference(features, (rows) => this.#spread(rows))], 1);
  }

  #spread(features: Tensor): Tensor {
    const [count, width] = features.shape as [number, number];
    const group = Math.min(this.group, count);
    if (count % group !== 0) {
      throw new UserError(`MinibatchStandardDeviation: a batch of ${count} does not divide into groups of ${group}`);
    }
    const groups = features.reshape([group, count / group, width]);
    const deviations = groups.var(0, { correction: 0 }).add(EPS).sqrt();
    return deviations.mean(1).repeat([group]).unsqueeze(1);
  }
}

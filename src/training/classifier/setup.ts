/** Set-ups of classifier training: those of the shipped classifiers, and one for other data. */

/** All settings of the training of a classifier. */
export interface ClassifierSetup {
  /** Channels of the network's first layer; the features are four times this number. */
  readonly width: number;
  /** Residual blocks after each halving of the size. */
  readonly blocks: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Highest learning rate of the cycle. */
  readonly lr: number;
  /** Share of the steps in which the learning rate rises. */
  readonly rise: number;
  /** Nesterov's momentum. */
  readonly momentum: number;
  readonly weightDecay: number;
  /** Images are shifted by up to this number of pixels. */
  readonly shift: number;
  /** Whether images are mirrored with probability one half. */
  readonly flip: boolean;
  /** Seed of the first weights, the order of the images, the flips and the shifts. */
  readonly seed: number;
}

const common = {
  blocks: 1,
  batchSize: 128,
  lr: 0.1,
  rise: 0.2,
  momentum: 0.9,
  weightDecay: 5e-4,
  seed: 1,
};

/** Set-ups by the name of the dataset: what the shipped weights were trained with. */
const setups: Readonly<Record<string, ClassifierSetup>> = {
  // Digits are not mirrored. Digits and clothes are centred, so a larger shift would cut them.
  // A short training of a small network needs no larger shift on photographs either.
  mnist: { ...common, width: 16, epochs: 6, shift: 2, flip: false },
  "fashion-mnist": { ...common, width: 24, epochs: 8, shift: 2, flip: true },
  cifar10: { ...common, width: 24, epochs: 18, shift: 2, flip: true },
};

/** The set-up for a dataset of this name; for one that is not shipped: width 32, 20 epochs, shift 4, no flip. */
export function classifierSetup(name: string): ClassifierSetup {
  if (Object.hasOwn(setups, name)) return setups[name]!;
  return { ...common, width: 32, epochs: 20, shift: 4, flip: false };
}

/** Fewest steps that an epoch should have: with fewer, batch norm's running statistics average too few batches. */
const LEAST_STEPS = 32;

/**
 * The set-up for a training split of `count` images: where there are few, the batch is halved until an epoch has 32
 * steps (or the batch 8 images), and the learning rate with it (Goyal et al. 2017, arXiv 1706.02677, section 2.1).
 *
 * @example
 * fitToCount(classifierSetup("birds"), 1000).batchSize; // 16
 */
export function fitToCount(setup: ClassifierSetup, count: number): ClassifierSetup {
  let { batchSize, lr } = setup;
  while (batchSize >= 16 && count / batchSize < LEAST_STEPS) {
    batchSize = Math.floor(batchSize / 2);
    lr /= 2;
  }
  return { ...setup, batchSize, lr };
}

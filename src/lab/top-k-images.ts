/**
 * The claim of top-k training on images (Sinha et al. 2020: "many different GAN variants", every batch size), as a sweep:
 * five GANs x {all samples, the top k} x batches of 32, 64 and 128, on MNIST, Fashion-MNIST and CIFAR-10.
 *
 *     gantry sweep top-k-images                 all three data sets, 270 runs
 *     gantry sweep top-k-mnist                  one of them, 90 runs; also top-k-fashion-mnist, top-k-cifar10
 *     gantry sweep top-k-images --shard 1/8     an eighth of the runs, on one machine of eight
 *
 * The two updates of a cell differ in nothing but the technique. The learning rates are those of five at which ordinary
 * training, never top-k, did best in one run of another seed (see docs/results/top-k-images.md).
 */
import { defineSweep, type Sweep } from "./sweep/definition.ts";

/** Where k ends, as a fraction of the batch: the lower end of the paper's range, 0.5 to 0.75. */
const FLOOR = 0.5;
/** In so many multiplications k reaches its floor. */
const MULTIPLICATIONS = 50;

/** How k falls. */
export interface Annealing {
  readonly gamma: number;
  readonly floor: number;
  readonly everySteps: number;
}

/**
 * topK's options for a run of so many steps: k falls from the batch to `floor` of it during the first half of the run, by
 * `gamma` every `everySteps` steps, and stays there.
 *
 *     everySteps = steps / 100 (rounded, at least 1)      gamma = floor ^ (everySteps / (steps / 2))
 *
 * The paper counts epochs, in which a short run has no time to fall at all.
 *
 * @example
 * annealing(1_000); // { gamma: 0.9862, floor: 0.5, everySteps: 10 }
 */
export function annealing(steps: number, floor = FLOOR): Annealing {
  const everySteps = Math.max(1, Math.round(steps / (2 * MULTIPLICATIONS)));
  return { gamma: floor ** ((2 * everySteps) / steps), floor, everySteps };
}

/** One GAN of the sweep, as overrides of the recipe `narrow-dcgan`. */
interface Gan {
  /** Generator updates. */
  readonly steps: number;
  readonly optimizer: string;
  readonly lr: number;
  /** Adam's. */
  readonly betas?: readonly [number, number];
  readonly set: readonly string[];
}

/** Five critic updates a step, as both papers have it: a step costs about five times as much. */
const CRITIC = ["discriminatorSteps=5", "loss=wasserstein"];

/**
 * - `dcgan`: Radford et al. 2016: non-saturating loss, batch norm in D
 * - `lsgan`: Mao et al. 2017: least squares with a = 0, b = c = 1, batch norm in D
 * - `wgan`: Arjovsky et al. 2017: weights clipped at 0.01, RMSprop, batch norm in the critic (as in the authors' code)
 * - `wgan-gp`: Gulrajani et al. 2017: penalty 10, no batch norm in the critic, Adam with betas 0 and 0.9
 * - `sn-dcgan`: Miyato et al. 2018: spectral norm, hinge loss, no batch norm in D
 */
const GANS: Readonly<Record<string, Gan>> = {
  dcgan: { steps: 500, optimizer: "adam", lr: 1e-3, betas: [0.5, 0.999], set: ["loss=nonSaturating"] },
  lsgan: { steps: 500, optimizer: "adam", lr: 1e-3, betas: [0.5, 0.999], set: ["loss=leastSquares"] },
  wgan: { steps: 200, optimizer: "rmsprop", lr: 5e-4, set: [...CRITIC, "loss.clip=0.01"] },
  "wgan-gp": {
    steps: 200,
    optimizer: "adam",
    lr: 1e-3,
    betas: [0, 0.9],
    set: [...CRITIC, "discriminator.batchNorm=false", "techniques=[gradientPenalty]"],
  },
  "sn-dcgan": {
    steps: 500,
    optimizer: "adam",
    lr: 1e-3,
    betas: [0.5, 0.999],
    set: ["loss=hinge", "discriminator.batchNorm=false", "discriminator.spectralNorm=true"],
  },
};

/** The data sets of the sweep: kind of data and feature network. */
const DATASETS = {
  mnist: { data: "mnist", features: "mnist-classifier" },
  "fashion-mnist": { data: "fashionMnist", features: "fashion-mnist-classifier" },
  cifar10: { data: "cifar10", features: "cifar10-classifier" },
} as const;

/** A data set of the sweep. */
export type TopKDataset = keyof typeof DATASETS;

function overridesOf({ steps, optimizer, lr, betas, set }: Gan): string[] {
  const { gamma, floor, everySteps } = annealing(steps);
  const player = (name: string) => [
    `optimizers.${name}=${optimizer}`,
    `optimizers.${name}.lr=${lr}`,
    ...(betas ? [`optimizers.${name}.betas=[${betas}]`] : []),
  ];
  return [
    ...set,
    ...player("generator"),
    ...player("discriminator"),
    `steps=${steps}`,
    "techniques+=topK",
    `techniques.topK.gamma=${gamma}`,
    `techniques.topK.floor=${floor}`,
    `techniques.topK.everySteps=${everySteps}`,
  ];
}

function dataOf(dataset: TopKDataset): string[] {
  const { data, features } = DATASETS[dataset];
  return [`data=${data}`, "data.size=32", `evaluate.features=${features}`];
}

/**
 * The sweep on one data set, or on all three with the data set as its first axis.
 *
 * k depends on a GAN's number of steps, so each GAN brings topK along, and the update `all` takes it away again.
 *
 * @example
 * const grid = expandGrid(topKImages("mnist"), (await loadRecipe("narrow-dcgan")).recipe); // 90 runs
 */
export function topKImages(dataset?: TopKDataset): Sweep {
  const all = Object.keys(DATASETS) as TopKDataset[];
  return defineSweep({
    name: dataset === undefined ? "top-k-images" : `top-k-${dataset}`,
    recipe: "narrow-dcgan",
    set: dataset === undefined ? [] : dataOf(dataset),
    over: {
      ...(dataset === undefined ? { data: Object.fromEntries(all.map((name) => [name, dataOf(name)])) } : {}),
      gan: Object.fromEntries(Object.entries(GANS).map(([name, gan]) => [name, overridesOf(gan)])),
      batchSize: [32, 64, 128],
      update: { all: ["techniques-=topK"], topK: [] },
    },
    seeds: 3,
  });
}

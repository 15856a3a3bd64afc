/**
 * GANs for sweeps of hundreds of runs: each with its paper's loss, normalisation and optimizer, as overrides of the
 * recipe `narrow-dcgan`; and how k falls in a run that is too short for the paper's epochs.
 *
 * The learning rate of each is the one of 5e-4, 1e-3, 2e-3 and 4e-3 (of `wgan` 5e-5, 5e-4, 2e-3 and 4e-3) at which
 * ordinary training, never top-k, had the lowest FID on MNIST in one run with a seed of its own
 * (docs/results/top-k-images.md). The papers' rates are for networks many times as wide and runs many times as long.
 */
/** Where k ends, as a fraction of the batch: the lower end of the paper's range, 0.5 to 0.75. */
const FLOOR = 0.5;
/** Multiplications until k reaches its floor. */
const MULTIPLICATIONS = 50;

/** How k falls. */
export interface Annealing {
  readonly gamma: number;
  readonly floor: number;
  readonly everySteps: number;
}

/**
 * topK's options for a run of `steps` steps: k falls from the batch to `floor` of it during the first half of the run,
 * by `gamma` every `everySteps` steps, and stays there.
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

/** The settings of one GAN. */
interface Gan {
  /** Generator updates. */
  readonly steps: number;
  readonly optimizer: string;
  /** Of the discriminator, and of the generator unless it has its own. */
  readonly lr: number;
  readonly generatorLr?: number;
  /** Adam's. */
  readonly betas?: readonly [number, number];
  readonly set: readonly string[];
}

/** Five critic updates per step, as both papers have it: a step costs about five times as much. */
const CRITIC = ["discriminatorSteps=5", "loss=wasserstein"];

/** Networks of another kind in the DCGAN's place, with options that both share. */
const residual = (kind: string, options: readonly string[]): readonly string[] =>
  ["generator", "discriminator"].flatMap((player) => [
    `${player}=${kind}`,
    ...(player === "generator" ? ["generator.latent=64"] : []),
    ...options.map((option) => `${player}.${option}`),
  ]);

/** The common settings of both BigGANs. */
const BIGGAN = ["loss=hinge", "generator.shared=32"];

/**
 * - `dcgan`: Radford et al. 2016: non-saturating loss, batch norm in D
 * - `lsgan`: Mao et al. 2017: least squares with a = 0, b = c = 1, batch norm in D
 * - `wgan`: Arjovsky et al. 2017: weights clipped at 0.01, RMSprop, batch norm in the critic (as in the authors' code)
 * - `wgan-gp`: Gulrajani et al. 2017: penalty 10, no batch norm in the critic, Adam with betas 0 and 0.9
 * - `sn-dcgan`: Miyato et al. 2018: spectral norm, hinge loss, no batch norm in D
 * - `sngan`: likewise on residual networks, five critic updates
 * - `sagan`: Zhang et al. 2019, without labels: spectral norm in both, attention at 16 x 16, D's rate four times G's
 * - `biggan`, `biggan-deep`: Brock et al. 2019, by class, with attention at 16 x 16; their two D updates are one here
 */
const GANS = {
  dcgan: { steps: 600, optimizer: "adam", lr: 2e-3, betas: [0.5, 0.999], set: ["loss=nonSaturating"] },
  lsgan: { steps: 600, optimizer: "adam", lr: 4e-3, betas: [0.5, 0.999], set: ["loss=leastSquares"] },
  wgan: { steps: 240, optimizer: "rmsprop", lr: 2e-3, set: [...CRITIC, "loss.clip=0.01"] },
  "wgan-gp": {
    steps: 240,
    optimizer: "adam",
    lr: 4e-3,
    betas: [0, 0.9],
    set: [...CRITIC, "discriminator.batchNorm=false", "techniques=[gradientPenalty]"],
  },
  "sn-dcgan": {
    steps: 600,
    optimizer: "adam",
    lr: 4e-3,
    betas: [0.5, 0.999],
    set: ["loss=hinge", "discriminator.batchNorm=false", "discriminator.spectralNorm=true"],
  },
  sngan: {
    steps: 240,
    optimizer: "adam",
    lr: 4e-3,
    betas: [0, 0.9],
    set: ["discriminatorSteps=5", ...residual("resnet", ["width=16"]), "loss=hinge"],
  },
  sagan: {
    steps: 600,
    optimizer: "adam",
    lr: 2e-3,
    generatorLr: 5e-4,
    betas: [0, 0.9],
    set: [...residual("sagan", ["width=16", "conditional=false"]), "loss=hinge"],
  },
  biggan: {
    steps: 600,
    optimizer: "adam",
    lr: 4e-3,
    generatorLr: 1e-3,
    betas: [0, 0.999],
    set: [...residual("biggan", ["width=4", "attention=16"]), ...BIGGAN],
  },
  "biggan-deep": {
    steps: 600,
    optimizer: "adam",
    lr: 4e-3,
    generatorLr: 1e-3,
    betas: [0, 0.999],
    set: [...residual("bigganDeep", ["width=4", "attention=16"]), ...BIGGAN],
  },
} as const satisfies Readonly<Record<string, Gan>>;

/** One of them. */
export type SweepGan = keyof typeof GANS;

/** Those with the DCGAN's networks. */
export const dcgans = ["dcgan", "lsgan", "wgan", "wgan-gp", "sn-dcgan"] as const satisfies readonly SweepGan[];

/** Those with residual networks that learn without labels. */
export const residualGans = ["sngan", "sagan"] as const satisfies readonly SweepGan[];

/** All that learn without labels. */
export const unlabelledGans = [...dcgans, ...residualGans] as const satisfies readonly SweepGan[];

/** Generator updates of a GAN in the sweeps of top-k training. */
export const stepsOf = (name: SweepGan): number => GANS[name].steps;

/** Overrides that turn a GAN with topK into one that learns from all samples. */
export const ORDINARY: readonly string[] = ["techniques-=topK"];

/**
 * A GAN as overrides of the recipe `narrow-dcgan`, topK included; {@link ORDINARY} takes it away again.
 *
 * k depends on the number of steps, so each GAN has its own topK.
 *
 * @param steps - generator updates; default: as many as the sweep of images gives it
 *
 * @example
 * applyOverrides(recipe, [...ganOverrides("lsgan", 1_000), ...ORDINARY]);
 */
export function ganOverrides(name: SweepGan, steps: number = stepsOf(name)): string[] {
  const { optimizer, lr, generatorLr = lr, betas, set }: Gan = GANS[name];
  const { gamma, floor, everySteps } = annealing(steps);
  const player = (name: string, rate: number) => [
    `optimizers.${name}=${optimizer}`,
    `optimizers.${name}.lr=${rate}`,
    ...(betas ? [`optimizers.${name}.betas=[${betas}]`] : []),
  ];
  return [
    ...set,
    ...player("generator", generatorLr),
    ...player("discriminator", lr),
    `steps=${steps}`,
    "techniques+=topK",
    `techniques.topK.gamma=${gamma}`,
    `techniques.topK.floor=${floor}`,
    `techniques.topK.everySteps=${everySteps}`,
  ];
}

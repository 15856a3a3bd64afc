/**
 * The sweeps that come with Gantry, for `gantry sweep <name>`: networks of 4 to 16 channels, short runs, three seeds or
 * five, so that each fits on two cores. Results, and the reasons for the settings: docs/results.
 */
import { annealing, dcgans, ganOverrides, ORDINARY, residualGans, type SweepGan, stepsOf } from "./gans.ts";
import { defineSweep, type Sweep } from "./sweep/definition.ts";

/** The data sets of the sweeps of images, each as overrides, with the classifier whose features score it. */
const DATASETS = {
  mnist: ["data=mnist", "data.size=32", "evaluate.features=mnist-classifier"],
  "fashion-mnist": ["data=fashionMnist", "data.size=32", "evaluate.features=fashion-mnist-classifier"],
  cifar10: ["data=cifar10", "data.size=32", "evaluate.features=cifar10-classifier"],
} as const;
type SweepDataset = keyof typeof DATASETS;

/** topK whose k falls over the first half of a run of this length. */
const topKFor = (steps: number): string[] =>
  Object.entries(annealing(steps)).map(([option, value]) => `techniques.topK.${option}=${value}`);

/**
 * The claim of top-k training on images (Sinha et al. 2020: "many different GAN variants", every batch size): GANs x
 * {all samples, the top k} x batches of 32, 64 and 128. The two updates of a cell differ in the technique only.
 *
 * @param dataset - default: all three, as the first axis
 * @param gans - default: the five with the DCGAN's networks; the paper sees the simpler ones gain more
 */
function topKImages(dataset?: SweepDataset, gans: readonly SweepGan[] = dcgans): Sweep {
  return defineSweep({
    name: `top-k-${gans === dcgans ? "" : "residual-"}${dataset ?? "images"}`,
    recipe: "narrow-dcgan",
    set: dataset === undefined ? [] : DATASETS[dataset],
    over: {
      ...(dataset === undefined ? { data: DATASETS } : {}),
      gan: Object.fromEntries(gans.map((name) => [name, ganOverrides(name)])),
      batchSize: [32, 64, 128],
      update: { all: ORDINARY, topK: [] },
    },
  });
}

/** The techniques of the image model of Salimans et al. 2016, by the paper's names: kind and options. */
const IMPROVED: Readonly<Record<string, readonly [kind: string, ...options: string[]]>> = {
  labels: ["semiSupervised", "labels=1000"],
  "minibatch discrimination": ["minibatchDiscrimination", "kernels=100", "dimensions=5"],
  "virtual batch norm": ["virtualBatchNorm"],
  "label smoothing": ["labelSmoothing", "real=0.9"],
  "historical averaging": ["historicalAveraging", "weight=0.01"],
};

/**
 * The effect of each of the improved techniques, in the shape of the paper's table 3: all of them, then each one
 * removed, and none. Its row "-L+HA" is `no labels` here, and its "-L" is `no labels, no historical averaging`. The
 * numbers are the authors'; the paper gives no weight of historical averaging, which is the technique's default.
 */
function improvedAblation(dataset: SweepDataset = "mnist"): Sweep {
  const parts = Object.values(IMPROVED);
  const without = (...names: string[]) => names.map((name) => `techniques-=${IMPROVED[name]![0]}`);
  return defineSweep({
    name: dataset === "mnist" ? "improved-ablation" : `improved-ablation-${dataset}`,
    recipe: "narrow-dcgan",
    set: [
      ...DATASETS[dataset],
      ...parts.map(([kind]) => `techniques+=${kind}`),
      ...parts.flatMap(([kind, ...options]) => options.map((option) => `techniques.${kind}.${option}`)),
    ],
    over: {
      variant: {
        all: [],
        ...Object.fromEntries(Object.keys(IMPROVED).map((name) => [`no ${name}`, without(name)])),
        "no labels, no historical averaging": without("labels", "historical averaging"),
        none: ["techniques=[]"],
      },
    },
  });
}

/** The losses that Huang et al. 2024 compare (R3GAN, section 2 and its table of stacked MNIST). The weight of both penalties is 1. */
const PENALTIES = {
  plain: [],
  R1: ["techniques=[r1]", "techniques.r1.weight=1"],
  "R1 + R2": ["techniques=[r1,r2]", "techniques.r1.weight=1", "techniques.r2.weight=1"],
};
const MODERN = { ...PENALTIES, "RpGAN + R1 + R2": ["loss=relativistic", ...PENALTIES["R1 + R2"]] };

/** The non-saturating loss plain, with R1, with both penalties, and the relativistic loss with both; all samples and the top k. */
const modernLosses = (name: string, recipe: string, steps: number, set: readonly string[]): Sweep =>
  defineSweep({
    name,
    recipe,
    set: ["techniques=[]", `steps=${steps}`, ...set],
    over: {
      loss: MODERN,
      update: {
        all: [],
        // k falls to three quarters of the batch over the first half of the run.
        topK: [
          "techniques+=topK",
          `techniques.topK.share={"schedule":"linear","from":1,"to":0.75,"until":${steps / 2}}`,
        ],
      },
    },
  });

/**
 * A recipe as it is, and with the relativistic loss, R1 and R2 instead of its loss and spectral norm, both for about as long on
 * one core: a step of the second takes about 1.5 times as long.
 */
const equalTime = (
  name: string,
  recipe: string,
  steps: { readonly shipped: number; readonly modern: number },
  weight: number,
  set: readonly string[],
): Sweep => {
  const length = (steps: number) => [`steps=${steps}`, `samples.every=${steps}`, `evaluate.every=${steps}`];
  return defineSweep({
    name: `equal-time-${name}`,
    recipe,
    set,
    over: {
      losses: {
        shipped: length(steps.shipped),
        modern: [
          "loss=relativistic",
          "discriminator.spectralNorm=false",
          ...["r1", "r2"].flatMap((kind) => [`techniques+=${kind}`, `techniques.${kind}.weight=${weight}`]),
          ...length(steps.modern),
        ],
      },
    },
  });
};

/** Lengths of z in the sweep below, and of the part of it whose information MINE raises. */
const NOISE = 100;
const CODES = { "code 3": 3, "code all": NOISE } as const;

/**
 * MINE (Belghazi et al. 2018, section 5.1) where the plain GAN loses modes: a DCGAN with a D of a quarter of G's width, on stacked
 * MNIST. In one run with a seed of its own the plain GAN had 99 of 1,000 modes after these steps.
 */
const mineCollapse = (): Sweep =>
  defineSweep({
    name: "mine-collapse",
    recipe: "stacked-mnist",
    set: [
      `generator.latent=${NOISE}`,
      "generator.width=16",
      "discriminator.width=4",
      "steps=2000",
      "samples.every=2000",
      "checkpoint.every=1000",
      "evaluate.every=2000",
    ],
    over: {
      mine: {
        plain: [],
        ...Object.fromEntries(
          Object.entries(CODES).flatMap(([name, code]) =>
            [0.1, 0.5, 1].map((beta) => [
              `${name}, beta ${beta}`,
              ["techniques=[mine]", `techniques.mine.code=${code}`, `techniques.mine.beta=${beta}`],
            ]),
          ),
        ),
      },
    },
    seeds: 5,
  });

const ATTENTION = ["generator.attention=16", "discriminator.attention=16"];
const TTUR = ["optimizers.generator.lr=1e-3", "optimizers.discriminator.lr=4e-3"];
const HIERARCHICAL = ["generator.hierarchical=true"];

const sweeps: readonly Sweep[] = [
  // The headline of top-k training (Sinha et al. 2020, section 4.3): BigGAN with ICR, FID 9.21 to 8.57, in small. Both
  // rates were chosen by ordinary training alone.
  defineSweep({
    name: "biggan-icr",
    recipe: "cifar10-biggan-icr",
    set: [
      "steps=600",
      "generator.width=4",
      "discriminator.width=4",
      "optimizers.generator.lr=1e-3",
      "optimizers.discriminator.lr=1e-3",
      "techniques.weightAveraging.decay=0.99",
      "techniques.weightAveraging.start=0",
      "evaluate.every=200",
    ],
    over: { update: { all: [], topK: ["techniques+=topK", ...topKFor(600)] } },
  }),

  // Orthogonal initialisation and regularisation (Brock et al. 2019), the two parts of BigGAN that Iyengar et al. left
  // out.
  defineSweep({
    name: "biggan-weights",
    recipe: "narrow-dcgan",
    set: [...ganOverrides("biggan"), ...ORDINARY],
    over: {
      initialisation: { orthogonal: [], default: ["generator.init=default", "discriminator.init=default"] },
      regularisation: { none: [], orthogonal: ["techniques=[orthogonalRegularisation]"] },
    },
  }),

  // What Iyengar, Pandey and Mehta ("Exploring Generative Adversarial Networks") left for later: self-attention, two
  // learning rates (of the same geometric mean) and hierarchical latents.
  defineSweep({
    name: "dcgan-options",
    recipe: "narrow-dcgan",
    over: {
      variant: {
        plain: [],
        attention: ATTENTION,
        TTUR,
        "hierarchical latents": HIERARCHICAL,
        all: [...ATTENTION, ...TTUR, ...HIERARCHICAL],
      },
    },
    seeds: 5,
  }),

  // "Training collapses immediately even with spectral normalization" at 128 x 128, unless D has dropout (Iyengar
  // et al., section 3.2)? Their rates and batch at a quarter of their width.
  defineSweep({
    name: "dropout-128",
    recipe: "narrow-dcgan",
    set: [
      "data=cifar10",
      "data.size=128",
      "evaluate.features=cifar10-classifier",
      "generator.latent=100",
      "generator.width=16",
      "discriminator.width=16",
      "optimizers.generator.lr=2e-4",
      "optimizers.discriminator.lr=2e-4",
      "steps=1000",
      "evaluate.every=250",
    ],
    over: {
      norm: { batch: [], spectral: ["discriminator.batchNorm=false", "discriminator.spectralNorm=true"] },
      dropout: { none: [], "0.5": ["discriminator.dropout=0.5"] },
    },
  }),

  // Architecture x batch size x data set: tables 1 and 2 of Iyengar et al., with residual networks, attention and
  // both BigGANs; twice as long as the sweeps of top-k training.
  defineSweep({
    name: "exploring",
    recipe: "narrow-dcgan",
    over: {
      data: DATASETS,
      architecture: Object.fromEntries(
        (["dcgan", "sn-dcgan", "sngan", "sagan", "biggan", "biggan-deep"] as const).map((name) => [
          name,
          [...ganOverrides(name, 2 * stepsOf(name)), ...ORDINARY],
        ]),
      ),
      batchSize: [32, 64],
    },
  }),

  improvedAblation(),
  improvedAblation("fashion-mnist"),

  // What helps a GAN that loses modes? D without batch norm, and a beta1 at which the plain GAN collapses.
  defineSweep({
    name: "mode-collapse",
    recipe: "narrow-dcgan",
    set: [
      "discriminator.batchNorm=false",
      "optimizers.generator.betas=[0.9,0.999]",
      "optimizers.discriminator.betas=[0.9,0.999]",
      "steps=1000",
    ],
    over: {
      variant: {
        plain: [],
        "minibatch discrimination": [
          "techniques=[minibatchDiscrimination]",
          "techniques.minibatchDiscrimination.kernels=100",
          "techniques.minibatchDiscrimination.dimensions=5",
        ],
        "feature matching": ["techniques=[featureMatching]"],
        "historical averaging": ["techniques=[historicalAveraging]", "techniques.historicalAveraging.weight=0.01"],
        "top-k": ["techniques=[topK]", ...topKFor(1_000)],
      },
    },
    seeds: 5,
  }),

  // "Increasing training image quality in terms of resolution greatly boosts generated image quality" (Iyengar et al.,
  // section 3.2)? Each size has a FID of its own; the Inception Score compares between sizes, since the classifier sees
  // all of them at 32 x 32.
  defineSweep({
    name: "resolution",
    recipe: "narrow-dcgan",
    set: DATASETS["fashion-mnist"],
    over: { "data.size": [16, 32, 64] },
  }),

  // Does a relativistic loss with R1 and R2 cover all modes where the ordinary one does not? Penalties need a D that does not
  // couple samples.
  modernLosses("modern-mixture", "mixture", 4_000, [
    "optimizers.generator.lr=5e-4",
    "optimizers.discriminator.lr=5e-4",
    "optimizers.generator.betas=[0,0.99]",
    "optimizers.discriminator.betas=[0,0.99]",
    "samples.every=4000",
    "checkpoint.every=2000",
    "evaluate.every=1000",
  ]),
  modernLosses("modern-stacked", "stacked-mnist", 1_000, [
    "discriminator.batchNorm=false",
    "samples.every=1000",
    "checkpoint.every=500",
    "evaluate.every=1000",
  ]),

  // Does a shipped recipe gain from them at equal time? The weights are those with which R3GAN begins: on CIFAR-10 and at 64 x 64
  // (FFHQ); on MNIST that of the sweeps above.
  equalTime("mnist", "mnist", { shipped: 1_800, modern: 1_225 }, 1, []),
  equalTime("cifar10-sngan", "cifar10-sngan", { shipped: 400, modern: 275 }, 0.05, [
    "generator.width=32",
    "discriminator.width=32",
    "discriminatorSteps=1",
    "checkpoint.every=400",
    "evaluate.features=cifar10-classifier",
    "evaluate.samples=5000",
  ]),
  // The recipe of `gantry train photos`, narrow. `--set data.path=PHOTOS` names the photos.
  equalTime("photos", "cifar10", { shipped: 1_200, modern: 780 }, 2, [
    "data=imageFolder",
    "data.path=photos",
    "data.size=64",
    "data.flip=true",
    "generator.width=16",
    "discriminator.width=16",
    "techniques=[diffAugment,weightAveraging]",
    "techniques.weightAveraging.decay=0.999",
    "techniques.weightAveraging.warmUp=true",
    "checkpoint.every=400",
    "evaluate.samples=2000",
  ]),

  mineCollapse(),

  // Does spectral norm help a small DCGAN (Iyengar et al., section 3.2, tables 1 and 2)? Their networks at a quarter of their width,
  // and at 32 x 32: batch norm stays, no layer has a bias, both rates are 2e-4.
  defineSweep({
    name: "spectral-norm",
    recipe: "narrow-dcgan",
    set: [
      "generator.latent=100",
      ...["generator", "discriminator"].flatMap((player) => [
        `${player}.width=16`,
        `${player}.bias=false`,
        `optimizers.${player}.lr=2e-4`,
      ]),
      "steps=3000",
      "samples.every=3000",
      "checkpoint.every=500",
      "evaluate.every=500",
    ],
    over: {
      data: DATASETS,
      spectralNorm: { none: [], both: ["generator.spectralNorm=true", "discriminator.spectralNorm=true"] },
      batchSize: [32, 64],
    },
  }),

  topKImages(),
  topKImages("mnist"),
  topKImages("fashion-mnist"),
  topKImages("cifar10"),
  topKImages(undefined, residualGans),
  topKImages("mnist", residualGans),
  topKImages("fashion-mnist", residualGans),
  topKImages("cifar10", residualGans),
];

/** Name to definition of each shipped sweep. */
export const shippedSweeps: Readonly<Record<string, Sweep>> = Object.fromEntries(
  sweeps.map((sweep) => [sweep.name, sweep]),
);

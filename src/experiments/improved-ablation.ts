/**
 * What each of the improved techniques is worth (Salimans et al. 2016), as a sweep of the shape of the paper's table of
 * Inception Scores (their table 3, CIFAR-10): all of them, then each one removed, and none.
 *
 *     gantry sweep improved-ablation                  on MNIST, 8 variants with 3 seeds each: 24 runs
 *     gantry sweep improved-ablation-fashion-mnist    on Fashion-MNIST
 *
 * Its networks are those of the recipe `narrow-dcgan`, with batch norm in both, and the rates those at which they did best
 * without any of the techniques. Nothing here was chosen by what the techniques do:
 *
 * - labels: K + 1 classes with 1,000 labelled images, a hundred of each class; the other numbers are the authors'
 * - minibatch discrimination: 100 kernels of 5 dimensions, the authors' for MNIST and CIFAR-10
 * - label smoothing: one-sided, 0.9
 * - virtual batch norm: in the generator, in the place of batch norm
 * - historical averaging: the paper gives no weight; the technique's default, 0.01
 *
 * The paper's row "-L+HA" is `no labels` here, and its "-L" is `no labels, no historical averaging`.
 */
import { datasetOverrides, type SweepDataset } from "./datasets.ts";
import { defineSweep, type Sweep } from "./sweep/definition.ts";

/** The techniques of the paper's image model, by the paper's names, with the options of the sweep. */
const TECHNIQUES = {
  labels: { kind: "semiSupervised", set: ["labels=1000"] },
  "minibatch discrimination": { kind: "minibatchDiscrimination", set: ["kernels=100", "dimensions=5"] },
  "virtual batch norm": { kind: "virtualBatchNorm", set: [] },
  "label smoothing": { kind: "labelSmoothing", set: ["real=0.9"] },
  "historical averaging": { kind: "historicalAveraging", set: ["weight=0.01"] },
} as const;

/** One of them. */
type Ablated = keyof typeof TECHNIQUES;

const without = (...names: Ablated[]): readonly string[] => names.map((name) => `techniques-=${TECHNIQUES[name].kind}`);

/**
 * The sweep on one data set.
 *
 * @example
 * const grid = expandGrid(improvedAblation(), (await loadRecipe("narrow-dcgan")).recipe); // 24 runs
 */
export function improvedAblation(dataset: SweepDataset = "mnist"): Sweep {
  const parts = Object.entries(TECHNIQUES) as [Ablated, (typeof TECHNIQUES)[Ablated]][];
  return defineSweep({
    name: dataset === "mnist" ? "improved-ablation" : `improved-ablation-${dataset}`,
    recipe: "narrow-dcgan",
    set: [
      ...datasetOverrides(dataset),
      ...parts.map(([, { kind }]) => `techniques+=${kind}`),
      ...parts.flatMap(([, { kind, set }]) => set.map((text) => `techniques.${kind}.${text}`)),
    ],
    over: {
      variant: {
        all: [],
        ...Object.fromEntries(parts.map(([name]) => [`no ${name}`, without(name)])),
        "no labels, no historical averaging": without("labels", "historical averaging"),
        none: ["techniques=[]"],
      },
    },
    seeds: 3,
  });
}

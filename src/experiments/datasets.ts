/** The data sets of the sweeps of images, each with the classifier whose features score it. */
const DATASETS = {
  mnist: { data: "mnist", features: "mnist-classifier" },
  "fashion-mnist": { data: "fashionMnist", features: "fashion-mnist-classifier" },
  cifar10: { data: "cifar10", features: "cifar10-classifier" },
} as const;

/** One of them. */
export type SweepDataset = keyof typeof DATASETS;

/**
 * A data set as overrides of a recipe of images that is scored.
 *
 * @example
 * applyOverrides(recipe, datasetOverrides("cifar10", 64));
 */
export function datasetOverrides(name: SweepDataset, size = 32): string[] {
  const { data, features } = DATASETS[name];
  return [`data=${data}`, `data.size=${size}`, `evaluate.features=${features}`];
}

/** All of them as the values of an axis, in the order of the tables. */
export function datasetAxis(): Record<string, string[]> {
  const names = Object.keys(DATASETS) as SweepDataset[];
  return Object.fromEntries(names.map((name) => [name, datasetOverrides(name)]));
}

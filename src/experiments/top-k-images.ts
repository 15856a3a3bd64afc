/**
 * The claim of top-k training on images (Sinha et al. 2020: "many different GAN variants", every batch size), as a sweep:
 * GANs x {all samples, the top k} x batches of 32, 64 and 128, on MNIST, Fashion-MNIST and CIFAR-10. Five GANs have the
 * DCGAN's networks, two (SNGAN, SAGAN) residual ones: the paper sees the simpler ones gain more.
 *
 *     gantry sweep top-k-images                 five GANs on all three data sets, 270 runs
 *     gantry sweep top-k-mnist                  on one of them, 90 runs; also top-k-fashion-mnist, top-k-cifar10
 *     gantry sweep top-k-residual-mnist         the other two, 36 runs; and so on
 *     gantry sweep top-k-images --shard 1/8     an eighth of the runs, on one machine of eight
 *
 * The two updates of a GAN at one batch size differ in nothing but the technique, and the same seed begins both with the
 * same weights and the same order of images.
 */
import { datasetAxis, datasetOverrides, type SweepDataset } from "./datasets.ts";
import { dcgans, ganOverrides, ORDINARY, type SweepGan } from "./gans.ts";
import { defineSweep, type Sweep } from "./sweep/definition.ts";

/**
 * The sweep on one data set, or on all three with the data set as its first axis; of the five GANs with the DCGAN's networks,
 * or of others.
 *
 * @example
 * const grid = expandGrid(topKImages("mnist"), (await loadRecipe("narrow-dcgan")).recipe); // 90 runs
 */
export function topKImages(dataset?: SweepDataset, gans: readonly SweepGan[] = dcgans): Sweep {
  return defineSweep({
    name: `top-k-${gans === dcgans ? "" : "residual-"}${dataset ?? "images"}`,
    recipe: "narrow-dcgan",
    set: dataset === undefined ? [] : datasetOverrides(dataset),
    over: {
      ...(dataset === undefined ? { data: datasetAxis() } : {}),
      gan: Object.fromEntries(gans.map((name) => [name, ganOverrides(name)])),
      batchSize: [32, 64, 128],
      update: { all: ORDINARY, topK: [] },
    },
    seeds: 3,
  });
}

/** The sweeps that come with Gantry, by name, for `gantry sweep <name>`. */
import { bigganIcr } from "./biggan-icr.ts";
import { bigganWeights, dcganOptions, dropout128, exploringTables, resolution } from "./exploring/index.ts";
import { residualGans } from "./gans.ts";
import { improvedAblation } from "./improved-ablation.ts";
import { modeCollapse } from "./mode-collapse.ts";
import type { Sweep } from "./sweep/definition.ts";
import { topKImages } from "./top-k-images.ts";

/** Name to definition of each shipped sweep. */
export const shippedSweeps: Readonly<Record<string, Sweep>> = {
  "biggan-icr": bigganIcr,
  "biggan-weights": bigganWeights,
  "dcgan-options": dcganOptions,
  "dropout-128": dropout128,
  exploring: exploringTables,
  "improved-ablation": improvedAblation(),
  "improved-ablation-fashion-mnist": improvedAblation("fashion-mnist"),
  "mode-collapse": modeCollapse,
  resolution,
  "top-k-images": topKImages(),
  "top-k-mnist": topKImages("mnist"),
  "top-k-fashion-mnist": topKImages("fashion-mnist"),
  "top-k-cifar10": topKImages("cifar10"),
  "top-k-residual-images": topKImages(undefined, residualGans),
  "top-k-residual-mnist": topKImages("mnist", residualGans),
  "top-k-residual-fashion-mnist": topKImages("fashion-mnist", residualGans),
  "top-k-residual-cifar10": topKImages("cifar10", residualGans),
};

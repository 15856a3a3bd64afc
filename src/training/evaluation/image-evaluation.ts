/** Evaluation of images during training: the feature network and the real images are opened once for the run. */

import { seedOf } from "../../base/seed.ts";
import type { DataContext, Dataset } from "../../data/index.ts";
import {
  costText,
  datasetImages,
  evaluate,
  needsFeatures,
  openFeatures,
  requireEnough,
  requireSeen,
} from "../../metrics/index.ts";
import type { RunSettings } from "../trainable.ts";
import { openClassification } from "./classification.ts";
import { bestOf, type Evaluator } from "./evaluator.ts";
import { generatedImages, trialImages } from "./generated-images.ts";

/**
 * The evaluations of a run whose data are images: opens what `evaluate` names; undefined where it is absent. The feature
 * network and the test split are opened only where a metric needs them.
 *
 * @throws UserError when the feature network or the test split is not there or `best` is no score of the metrics.
 */
export async function imageEvaluator(
  settings: RunSettings,
  dataset: Dataset,
  context: Pick<DataContext, "onProgress" | "stop" | "warn"> = {},
): Promise<Evaluator | undefined> {
  if (settings.evaluate === undefined) return undefined;
  const { every, features, samples, best } = settings.evaluate;
  const all = settings.evaluate.metrics.map((metric) => metric.build());
  const classifying = all.filter(({ needs }) => needs.classified);
  const metrics = all.filter(({ needs }) => !needs.classified);
  const real = datasetImages(dataset, settings.evaluate.real);
  if (metrics.some(needsFeatures)) requireSeen(dataset);
  requireEnough(metrics, { name: "the generator (`evaluate.samples`)", count: samples }, real);
  const classification =
    classifying.length > 0 ? await openClassification(settings, dataset.classes, classifying, context) : undefined;
  const network = metrics.some(needsFeatures) ? await openFeatures(features, { device: settings.device }) : undefined;
  const dispose = (): void => {
    network?.dispose();
    classification?.dispose();
  };
  const seed = seedOf(settings.seed, "evaluation");
  let warned = false;
  try {
    return {
      every,
      best: bestOf(all, network, best),
      async scores(gan, events, stop) {
        const classified = (await classification?.scores(gan, events, stop)) ?? [];
        if (metrics.length === 0) return classified;
        const drawing = { count: samples, seed, averaged: true, mode: "eval" } as const;
        const scores = await evaluate({
          network,
          metrics,
          fake: generatedImages(gan, "the generator", drawing),
          real,
          seed,
          stop,
          trial: trialImages(gan, "the generator", drawing),
          announce: warned ? undefined : (cost) => events.note?.(`Evaluating ${costText(cost)}.`),
          onProgress: (progress) => events.evaluating?.(progress),
          warn: (message) => {
            if (!warned) events.note?.(message);
          },
        });
        warned = true;
        return [...scores, ...classified];
      },
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The discriminator as a classifier of the test split, for `testError` and ensembles. */
import { setImmediate } from "node:timers/promises";
import { fromPlain, toPlain } from "../../base/descriptor.ts";
import { UserError } from "../../base/errors.ts";
import type { AnyDataDescriptor, DataContext, Dataset } from "../../data/index.ts";
import { quoted } from "../../formats/index.ts";
import {
  type Classified,
  datasetImages,
  hashOf,
  type Metric,
  type Protocol,
  type Score,
  scoresOf,
} from "../../metrics/index.ts";
import { frozenStatistics } from "../../nn/index.ts";
import { Generator, inferenceMode, keep, scope, Tensor } from "../../tensor/index.ts";
import { throughSamplers } from "../sampling/sample.ts";
import type { RunSettings, Samplable } from "../trainable.ts";
import type { EvaluationEvents } from "./evaluator.ts";

/** Images per pass. */
const CHUNK = 500;

/**
 * The whole test split of a recipe's data, prepared as the training images are.
 *
 * @throws UserError when the data has no test split, trains on it, or has no classes.
 */
export async function testSplit(
  { data }: Pick<RunSettings, "data">,
  context: Pick<DataContext, "onProgress" | "stop" | "warn"> = {},
): Promise<Dataset> {
  const { role, kind, options } = toPlain(data);
  if (options.split === "test") {
    throw new UserError("`testError` counts errors on the test split, and `data.split` (=test) trains on it");
  }
  const { first: _, ...others } = options;
  const descriptor = withSplit({ role, kind, options: { ...others, split: "test" } });
  const dataset = await descriptor.build(context);
  if (!("images" in dataset) || dataset.classes.length < 2) {
    throw new UserError(`\`testError\` needs images with class labels, and ${dataset.name} has none`);
  }
  return dataset;
}

/** The data with an option `split`, which need not be written where it has a default. @throws UserError when it has none. */
function withSplit(plain: ReturnType<typeof toPlain>): AnyDataDescriptor {
  try {
    return fromPlain(plain) as unknown as AnyDataDescriptor;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`\`testError\` needs data with a test split, and \`${plain.kind}\` has no option \`split\``);
  }
}

/**
 * A number must mean the same class in both splits; folders and arrays name or number what each split holds.
 * @throws UserError with the first class that differs.
 */
export function requireSameClasses(trained: readonly string[], { name, classes }: Dataset): void {
  const longer = trained.length > classes.length ? trained : classes;
  const at = longer.findIndex((_, i) => trained[i] !== classes[i]);
  if (at < 0) return;
  const [here, there] = [trained, classes].map((names) => (names[at] === undefined ? "absent" : quoted(names[at])));
  throw new UserError(
    `\`testError\` needs the same classes in training and in ${name}: class ${at} is ${here} in training and ${there} in the test split`,
  );
}

/**
 * Logits float32 [N, K] on the CPU of all images, by the discriminator in evaluation mode; with `averaged` through the
 * techniques' samplers (averaged weights). Training's random streams do not change. The caller disposes it.
 *
 * @throws the reason of `stop` when it is raised, and UserError when the discriminator has one logit for all classes or the
 * run was trained on other ones.
 */
export async function classify(
  gan: Samplable,
  dataset: Dataset,
  { averaged, stop }: { readonly averaged: boolean; readonly stop?: AbortSignal | undefined },
): Promise<Tensor> {
  const { discriminator, recipe } = gan;
  const { images, classes, count } = dataset;
  if (discriminator === undefined) {
    throw new UserError("`testError` scores the discriminator of a recipe, and this run has a trainer of its own");
  }
  requireSameClasses(gan.shape.classes, dataset);
  const kept = scope(() => keep(Tensor.zeros([count, classes.length])));
  try {
    for (let start = 0; start < count; start += CHUNK) {
      const length = Math.min(CHUNK, count - start);
      discriminator.eval();
      try {
        scope(() => {
          const classified = (): Tensor => {
            const bytes = images.narrow(0, start, length).to({ device: recipe.device });
            const floats = bytes.to({ dtype: "float32", memoryFormat: recipe.memoryFormat }).div_(127.5).add_(-1);
            return discriminator.forward(floats).logits;
          };
          const pass = averaged ? () => throughSamplers(gan, classified) : classified;
          const logits = gan.streams.aside(() => inferenceMode(() => frozenStatistics(() => scope(pass))));
          if (logits.shape[1] !== classes.length) {
            throw new UserError(
              `the discriminator has ${logits.shape[1]} logits, and the data ${classes.length} classes: it is no classifier of them; add the technique semiSupervised`,
            );
          }
          kept.narrow(0, start, length).copy_(logits);
        });
      } finally {
        discriminator.train();
      }
      stop?.throwIfAborted();
      await setImmediate();
    }
    return kept;
  } catch (error) {
    kept.dispose();
    throw error;
  }
}

/** Whether averaged weights of the discriminator are kept. */
function averagesDiscriminator({ techniques }: Pick<Samplable, "techniques">): boolean {
  return techniques.some(({ averages }) => averages?.includes("discriminator"));
}

/** The scores of a run's discriminator as a classifier. */
export type Classification = Awaited<ReturnType<typeof openClassification>>;

/**
 * Opens the test split.
 * @param trained - the classes that the run is trained on
 * @throws UserError when there is none, or it has other classes.
 */
export async function openClassification(
  settings: RunSettings,
  trained: readonly string[],
  metrics: readonly Metric[],
  context: Pick<DataContext, "onProgress" | "stop" | "warn"> = {},
) {
  const dataset = await testSplit(settings, context);
  try {
    requireSameClasses(trained, dataset);
  } catch (error) {
    dataset.images.dispose();
    dataset.labels.dispose();
    throw error;
  }
  const { name, count, labels } = dataset;
  const real = { name, count, hash: await hashOf(datasetImages(dataset)) };
  const scoresBy = (metric: Metric, classified: Classified): Score[] => {
    const measured = metric.compute({ fake: { count: 0 }, random: new Generator(0), classified });
    const protocol: Protocol = {
      features: "the discriminator",
      featuresHash: "none",
      resizer: "none",
      quantiser: "none",
      real,
      fakeCount: 0,
      drawing: null,
      options: metric.options,
      seeds: [0],
    };
    return scoresOf(metric, measured, protocol);
  };
  return {
    /** The scores at the current step. */
    async scores(gan: Samplable, events: EvaluationEvents, stop: AbortSignal | undefined): Promise<Score[]> {
      const logits = await classify(gan, dataset, { averaged: false, stop });
      const averaged = averagesDiscriminator(gan) ? await classify(gan, dataset, { averaged: true, stop }) : undefined;
      events.evaluating?.({ name, done: count, total: count });
      const classified: Classified = { count, labels, logits, averaged };
      try {
        return scope(() => metrics.flatMap((metric) => scoresBy(metric, classified)));
      } finally {
        logits.dispose();
        averaged?.dispose();
      }
    },

    /** Frees the images of the test split. */
    dispose(): void {
      dataset.images.dispose();
      dataset.labels.dispose();
    },
  };
}

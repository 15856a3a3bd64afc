/**
 * D overfits, so that training needs augmentation: real images that were held out from training get outputs nearer to those of
 * generated images than to those of the training images. The measure is that of Karras et al. 2020, "Training Generative
 * Adversarial Networks with Limited Data", equation 1:
 *
 *     r = (E D(training) - E D(held out)) / (E D(training) - E D(generated)),  0: none, 1: complete
 */
import { seedOf } from "../../base/seed.ts";
import type { Dataset } from "../../data/index.ts";
import { frozenStatistics } from "../../nn/index.ts";
import { Generator, inferenceMode, scope, Tensor } from "../../tensor/index.ts";
import { type BuiltGan, drawLatents, openForSampling } from "../../training/index.ts";
import { type Check, short, unknown } from "../check.ts";
import type { Evidence } from "../evidence.ts";
import { mean } from "../series.ts";

/** Images of each kind, at most, and of a pass. */
const IMAGES = 1_000;
const PASS = 100;
const OVERFITTED = 0.5;
/** The difference of training and held-out images at least, in standard deviations of the held-out ones. */
const CLEAR = 0.5;

export const overfitting: Check = {
  name: "overfitting",
  title: "D overfits: augmentation is needed",
  measured: [],
  async look(run) {
    if (!run.isOfImages) return unknown("the run makes vectors");
    if (run.checkpoints.length === 0) return unknown("the run has no checkpoint");
    const training = await run.dataset();
    const heldOut = await run.heldOut();
    const newest = await overfitAt(run, "last", training, heldOut);
    if (!isOverfitted(newest)) return "clear";
    let since = newest.step;
    for (const step of run.checkpoints.filter((one) => one < newest.step).reverse()) {
      const overfit = await overfitAt(run, String(step), training, heldOut).catch((error: unknown) => {
        // Training has removed it meanwhile: no earlier one is left.
        if (run.checkpoints.includes(step)) throw error;
      });
      if (overfit === undefined || !isOverfitted(overfit)) break;
      since = step;
    }
    const { r, real, held, generated } = newest;
    return {
      since,
      evidence: `D's output is ${short(real)} for training images, ${short(held)} for held-out real ones and ${short(generated)} for generated ones: r = ${short(r)}. Of earlier steps no checkpoint is left, or it does not show this.`,
      numbers: { r, training: real, heldOut: held, generated },
    };
  },
};

interface Overfit {
  readonly step: number;
  readonly r: number;
  readonly deviations: number;
  readonly real: number;
  readonly held: number;
  readonly generated: number;
}

const isOverfitted = ({ r, deviations }: Overfit): boolean => r >= OVERFITTED && deviations >= CLEAR;

async function overfitAt(run: Evidence, wanted: string, training: Dataset, heldOut: Dataset): Promise<Overfit> {
  const { gan, step } = await openForSampling(run.directory.path, wanted);
  gan.discriminator.eval();
  gan.generator.eval();
  try {
    const [real, held] = [training, heldOut].map((dataset) => outputsOfData(gan, dataset));
    const generated = outputsOfSamples(gan, Math.min(IMAGES, Math.max(real!.length, held!.length)));
    const [a, b, c] = [real!, held!, generated].map(mean) as [number, number, number];
    return { step, r: (a - b) / (a - c), deviations: (a - b) / deviation(held!), real: a, held: b, generated: c };
  } finally {
    gan.dispose();
  }
}

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / Math.max(1, values.length - 1));
}

/** D's outputs, turned so that larger is more real. */
function outputs(gan: BuiltGan, images: Tensor, labels: Tensor | undefined): number[] {
  const { score } = frozenStatistics(() => gan.discriminator.forward(images, labels));
  return Array.from(gan.loss.realness(score).toArray(), Number);
}

/** Of images that are spaced evenly over a dataset. */
function outputsOfData(gan: BuiltGan, { images, labels, count, classes }: Dataset): number[] {
  const used = Math.min(count, IMAGES);
  const rows = Array.from({ length: used }, (_, i) => BigInt(Math.floor((i * count) / used)));
  const { device, memoryFormat } = gan.recipe;
  return chunks(rows).flatMap((some) =>
    inferenceMode(() =>
      scope(() => {
        const at = Tensor.fromArray(BigInt64Array.from(some));
        const floats = images.indexSelect(0, at).to({ device }).to({ dtype: "float32", memoryFormat });
        const chosen = classes.length === 0 ? undefined : labels.indexSelect(0, at).to({ device });
        return outputs(gan, floats.div_(127.5).add_(-1), chosen);
      }),
    ),
  );
}

/** Of new samples by the weights that D trains against, not by averaged ones. */
function outputsOfSamples(gan: BuiltGan, count: number): number[] {
  const random = new Generator(seedOf(0, "diagnosis"));
  return chunks(Array.from({ length: count }, () => 0)).flatMap(({ length }) =>
    inferenceMode(() =>
      scope(() => {
        const labels = gan.labels(length, random);
        const latents = drawLatents(gan, length, random);
        return outputs(
          gan,
          frozenStatistics(() => gan.generator.forward(latents, labels)),
          labels,
        );
      }),
    ),
  );
}

function chunks<T>(list: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(list.length / PASS) }, (_, i) => list.slice(i * PASS, (i + 1) * PASS));
}

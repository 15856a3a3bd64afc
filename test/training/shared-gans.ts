/** GANs that one process or several play to the same end, for test/training/workers.test.ts. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { DataLoader } from "../../src/data/index.ts";
import { hinge, nonSaturating, relativistic } from "../../src/losses/index.ts";
import { dcgan, GeneratorNetwork, type ModelContext } from "../../src/models/index.ts";
import { defineGenerator } from "../../src/models/network.ts";
import { adam, sgd } from "../../src/optim/index.ts";
import { defineRecipe, type RecipeInput } from "../../src/recipe/recipe.ts";
import {
  crossReplicaBatchNorm,
  featureMatching,
  gradientPenalty,
  mine,
  minibatchDiscrimination,
  r1,
  r2,
  topK,
  virtualBatchNorm,
  weightAveraging,
} from "../../src/techniques/index.ts";
import { type Device, Generator, Tensor } from "../../src/tensor/index.ts";
import { shareCheckpoint } from "../../src/training/distributed/workers.ts";
import { loadCheckpoint, writeCheckpoint } from "../../src/training/run/checkpoint.ts";
import { BuiltGan } from "../../src/training/step/gan.ts";
import { Observation } from "../../src/training/step/observation.ts";
import type { Replica } from "../../src/training/step/sharding.ts";
import { trainingStep } from "../../src/training/step/step.ts";

const batchSize = 16;
const base: RecipeInput = {
  data: { role: "data", kind: "given", options: {}, build: () => new Promise(() => {}) },
  generator: dcgan.generator({ latent: 4, width: 2 }),
  discriminator: dcgan.discriminator({ width: 2, batchNorm: true }),
  loss: hinge(),
  optimizers: { generator: adam({ lr: 1e-2 }), discriminator: adam({ lr: 1e-2 }) },
  batchSize,
  steps: 3,
};
const withoutNorm: Partial<RecipeInput> = {
  generator: dcgan.generator({ latent: 4, width: 2, batchNorm: false }),
  discriminator: dcgan.discriminator({ width: 2, spectralNorm: true }),
};

/** A generator that draws for itself, from the device's default generator, as dropout does. */
class NoisyGenerator extends GeneratorNetwork {
  readonly #plain: GeneratorNetwork;
  override readonly latent: number;

  constructor(context: ModelContext) {
    super();
    this.#plain = this.registerModule("plain", withoutNorm.generator!.build(context));
    this.latent = this.#plain.latent;
  }

  override forward(latents: Tensor): Tensor {
    const images = this.#plain.forward(latents);
    return images.add(Tensor.randn(images.shape).mul(0.3));
  }
}
const noisy = defineGenerator("noisyImages", z.strictObject({}), (_, context: ModelContext) => {
  return new NoisyGenerator(context);
});

const gans: Record<string, Partial<RecipeInput>> = {
  plain: { ...withoutNorm, discriminatorSteps: 2 },
  // Weights of a size that shows in the running statistics.
  batchNorm: {
    generator: dcgan.generator({ latent: 4, width: 2, init: "default" }),
    discriminator: dcgan.discriminator({ width: 2, batchNorm: true, init: "default" }),
    techniques: [crossReplicaBatchNorm()],
  },
  techniques: {
    loss: nonSaturating(),
    techniques: [
      crossReplicaBatchNorm(),
      topK({ gamma: 0.8, everySteps: 1 }),
      featureMatching({ mode: "add" }),
      gradientPenalty(),
      mine({ width: 2, hidden: [4] }),
      weightAveraging(),
    ],
  },
  accumulated: { ...withoutNorm, accumulate: 2, techniques: [topK({ gamma: 0.8, everySteps: 1 })] },
  pairs: {
    ...withoutNorm,
    loss: relativistic(),
    // The loss does not depend on D's last bias: Adam would take steps of full length along the rounding of its gradient.
    optimizers: { generator: sgd({ lr: 1e-3 }), discriminator: sgd({ lr: 1e-3 }) },
    techniques: [topK({ gamma: 0.8, everySteps: 1 })],
  },
  slopes: { ...withoutNorm, techniques: [r1({ every: 2 }), r2({ weight: 1 })] },
  virtualBatchNorm: { techniques: [virtualBatchNorm({ in: "both" })] },
  ownDraws: { generator: noisy(), discriminator: dcgan.discriminator({ width: 2, dropout: 0.5 }) },
  shares: { ...withoutNorm, techniques: [minibatchDiscrimination({ kernels: 4 })] },
};

/** GANs in which each worker's share of a batch is a batch of its own: not one's updates, and yet the same for all. */
export const IN_SHARES: readonly string[] = ["shares"];

/** GANs whose layers draw for themselves, by micro-batch: one process makes the same updates in as many micro-batches. */
const DRAWN_BY_PART: readonly string[] = ["ownDraws"];

export const GANS = Object.keys(gans);

/** The GAN that is interrupted: with everything that a checkpoint holds. */
export const INTERRUPTED = "techniques";

/** Images of noise, without end. */
function loaderOf(seed: number, device: Device): DataLoader {
  const generator = new Generator(seed);
  return {
    epoch: 0,
    next: () => {
      const images = Tensor.rand([batchSize, 1, 16, 16], { generator }).mul(2).sub(1);
      return { images: images.to({ device }), labels: undefined };
    },
    state: () => ({ tensors: new Map([["generator", generator.getState()]]), numbers: {} }),
    load: ({ tensors }) => generator.setState(tensors.get("generator")!),
    auxiliary: (_request, other) => loaderOf(other, device),
  };
}

/** What three steps of a GAN end with. */
export interface End {
  readonly numbers: number[][];
  readonly weights: Record<string, number[]>;
  /** What the log wants of the last step. */
  readonly observed: { readonly norms: Record<string, number>; readonly scores: number[][] };
}

const build = (name: string, replica?: Replica, device: Device = "cpu"): BuiltGan => {
  const accumulate = DRAWN_BY_PART.includes(name) && replica === undefined ? { accumulate: 2 } : {};
  const recipe = { ...defineRecipe({ ...base, ...gans[name], ...accumulate }), device };
  return new BuiltGan(recipe, { sample: { channels: 1, size: 16 }, classes: [] }, loaderOf(1, device), replica);
};

const values = (tensor: Tensor): number[] => Array.from(tensor.toArray(), Number);

const play = (gan: BuiltGan, steps: number): number[][] =>
  Array.from({ length: steps }, () => values(trainingStep(gan)));

/** One more step, observed. */
function observe(gan: BuiltGan): End["observed"] & { numbers: number[] } {
  const observation = new Observation({ gradientNorms: true, outputs: true });
  const numbers = values(trainingStep(gan, observation));
  const { real, fake, batch } = observation.outputs!;
  const found = { norms: observation.gradientNorms(), scores: [real, fake, batch.scores].map(values), numbers };
  observation.dispose();
  return found;
}

const weightsOf = (gan: BuiltGan): End["weights"] =>
  Object.fromEntries(
    (["generator", "discriminator"] as const).flatMap((player) =>
      [...gan[player].stateDict()].map(([key, tensor]) => [`${player}.${key}`, values(tensor)]),
    ),
  );

/** Trains a GAN of this file for three steps as one of several workers, or alone. */
export function sharedGan(name: string, replica?: Replica, device?: Device): End {
  const gan = build(name, replica, device);
  return endOf(gan, play(gan, 2));
}

function endOf(gan: BuiltGan, before: number[][]): End {
  const { numbers, ...observed } = observe(gan);
  return { numbers: [...before, numbers], weights: weightsOf(gan), observed };
}

/** The same in two sessions: the first worker alone has the checkpoint that the second one begins from. */
export function interruptedGan(name: string, replica: Replica): End {
  const before = build(name, replica);
  const numbers = play(before, 1);
  const folder = mkdtempSync(join(tmpdir(), "gantry-shared-"));
  try {
    const path = replica.rank === 0 ? writeCheckpoint(folder, before, 0) : undefined;
    const gan = build(name, replica);
    if (path !== undefined) loadCheckpoint(path, gan);
    shareCheckpoint(replica, path, gan);
    return endOf(gan, [...numbers, ...play(gan, 1)]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A small trainer for tests, as a user's file would define one: WGAN with two critic steps on images of noise. */
import { clipWeights } from "../../src/losses/index.ts";
import { mlp } from "../../src/models/index.ts";
import { Dropout, LeakyReLU, Linear, Sequential } from "../../src/nn/index.ts";
import { adam, linearDecay } from "../../src/optim/index.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import {
  type BuildModulesContext,
  defineTrainer,
  type StepContext,
  type Trainer,
  type TrainerDefinition,
} from "../../src/training/index.ts";
import { noiseImages } from "./tiny.ts";

/** The modules: a shipped generator, and a critic made of layers, whose dropout draws from the default generator. */
export const networks = (context: BuildModulesContext, dropout = 0.2) => ({
  generator: mlp.generator({ latent: 4, hidden: [8] }).build(context),
  critic: new Sequential(
    new Linear(context, 256, 8),
    new LeakyReLU(0.2),
    ...(dropout > 0 ? [new Dropout(dropout)] : []),
    new Linear(context, 8, 1),
  ),
});

type Networks = ReturnType<typeof networks>;
type Definition = TrainerDefinition<Networks, "generator" | "critic">;
export type TinyStep = StepContext<Networks, "generator" | "critic">;

/** Two updates of the critic, each on a batch of its own, and one of the generator. */
export function wganStep({ batch, nextBatch, modules, optimizers, latents }: TinyStep) {
  const { generator, critic } = modules;
  const score = (images: Tensor) => critic.forward(images.flatten(1)).mean();
  const losses = [batch, nextBatch()].map(({ images }) => {
    const lossD = score(generator.forward(latents()).detach()).sub(score(images));
    optimizers.critic.minimize(lossD);
    clipWeights(critic.parameters(), 0.05);
    return lossD;
  });
  const lossG = score(generator.forward(latents())).neg();
  optimizers.generator.minimize(lossG);
  return { lossD: losses[1]!, lossG, first: losses[0]!.item() };
}

/** The trainer; `parts` replace its keys. */
export function tinyTrainer(parts: Partial<Definition> = {}): Trainer {
  return defineTrainer<Networks, "generator" | "critic">({
    name: "tiny-wgan",
    data: noiseImages() as Definition["data"],
    batchSize: 8,
    steps: 6,
    latent: 4,
    schedule: linearDecay(),
    log: { every: 2 },
    checkpoint: { every: 2 },
    samples: { every: 3, count: 4, columns: 2 },
    build: (context) => networks(context),
    optimizers: { generator: adam({ lr: 1e-2 }), critic: adam({ lr: 1e-2 }) },
    step: wganStep,
    sample: ({ modules }, z) => modules.generator.forward(z),
    ...parts,
  });
}

/**
 * A training step of your own: the Wasserstein GAN (Arjovsky et al. 2017, arXiv 1701.07875, algorithm 1) on MNIST, with five
 * updates of the critic for each of the generator, and weight clipping.
 *
 *     gantry train own-step.ts                 # 2,000 steps: a run folder with log, samples and checkpoints
 *     gantry resume runs/own-step-...          # after Ctrl-C: the same bits as without it
 *     gantry sample runs/own-step-...
 *     gantry train own-step.ts --workers 2     # each process takes half of every batch
 */
import { dcgan, defineTrainer, mnist, noGrad, rmsprop } from "gantry";

const CRITIC_STEPS = 5;
const CLIP = 0.01;

export default defineTrainer({
  data: mnist({ size: 32 }),
  batchSize: 64,
  steps: 2_000,
  seed: 1,
  latent: 128,
  samples: { every: 200 },

  // Any modules, by names of your choice; checkpoints keep them under these names. `context` has what layers need: a random
  // generator for the first weights, the device, and the shape of the data.
  build: (context) => ({
    generator: dcgan.generator({ latent: 128, width: 32 }).build(context),
    critic: dcgan.discriminator({ width: 32 }).build(context),
  }),

  // An optimizer for each module. The paper takes RMSprop: momentum made its critic unstable.
  optimizers: { generator: rmsprop({ lr: 5e-5 }), critic: rmsprop({ lr: 5e-5 }) },

  step({ batch, nextBatch, modules, optimizers, latents }) {
    const { generator, critic } = modules;

    // The critic's loss is minus its estimate of the Wasserstein distance: E[f(fake)] - E[f(real)].
    const update = (real: typeof batch.images) => {
      const fake = generator.forward(latents()).detach();
      const loss = critic.forward(fake).score.mean().sub(critic.forward(real).score.mean());
      optimizers.critic.minimize(loss);
      noGrad(() => {
        for (const weight of critic.parameters()) weight.clamp_(-CLIP, CLIP);
      });
      return loss;
    };
    let lossCritic = update(batch.images);
    for (let i = 1; i < CRITIC_STEPS; i++) lossCritic = update(nextBatch().images);

    // The generator moves its samples to where the critic is higher.
    const lossGenerator = critic.forward(generator.forward(latents())).score.mean().neg();
    optimizers.generator.minimize(lossGenerator);

    // Whatever is returned goes into the log, the terminal and the charts of the report.
    return { lossCritic, lossGenerator, distance: lossCritic.neg() };
  },

  // With `sample` there are grids of samples, `gantry sample` and scores.
  sample: ({ modules }, z) => modules.generator.forward(z),
});

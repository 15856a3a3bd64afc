/** `defineTrainer`: a training step of one's own, with the run folder, log, checkpoints, resume, samples and scores. */
import { UserError } from "../../base/errors.ts";
import type { Modules, TrainerDefinition } from "./definition.ts";
import { OwnTrainer } from "./own-trainer.ts";
import type { Trainer } from "./trainer.ts";
import { checkedSettings } from "./trainer-settings.ts";

/**
 * A trainer from a training step of one's own. The file that exports it is trained, resumed, sampled and evaluated by the
 * command line like a recipe; in code, `startRun(trainer, { directory }).train()` does it.
 *
 * Keys: `build`, `optimizers`, `step`, `sample`, `latent` (length of z), and of a recipe `name`, `data`, `batchSize` (64),
 * `steps`, `seed`, `latentDistribution`, `schedule`, `samples`, `log`, `evaluate`, `checkpoint`, `memoryFormat`, `convolution`, `device`,
 * `threads`, with the same defaults.
 *
 * @throws UserError with the key, the value and what is accepted when anything does not fit.
 *
 * @example
 * export default defineTrainer({
 *   data: mnist({ size: 32 }),
 *   steps: 2_000,
 *   latent: 128,
 *   build: (context) => ({
 *     generator: dcgan.generator().build(context),
 *     critic: dcgan.discriminator().build(context),
 *   }),
 *   optimizers: { generator: rmsprop({ lr: 5e-5 }), critic: rmsprop({ lr: 5e-5 }) },
 *   step({ batch, modules: { generator, critic }, optimizers, latents }) {
 *     const fake = generator.forward(latents());
 *     const lossD = critic.forward(fake.detach()).score.mean().sub(critic.forward(batch.images).score.mean());
 *     optimizers.critic.minimize(lossD);
 *     clipWeights(critic.parameters(), 0.01);
 *     const lossG = critic.forward(fake).score.mean().neg();
 *     optimizers.generator.minimize(lossG);
 *     return { lossD, lossG };
 *   },
 *   sample: ({ modules }, z) => modules.generator.forward(z),
 * });
 */
export function defineTrainer<M extends Modules, K extends string>(definition: TrainerDefinition<M, K>): Trainer {
  const { build, step, sample, optimizers, ...rest } = definition;
  for (const [name, value] of Object.entries({ build, step, ...(sample === undefined ? {} : { sample }) })) {
    if (typeof value !== "function") throw new UserError(`the trainer: \`${name}\` must be a function`);
  }
  if (optimizers === undefined)
    throw new UserError("the trainer: `optimizers` is missing: an optimizer for each module");
  const settings = checkedSettings(typeof optimizers === "function" ? rest : { ...rest, optimizers });
  if (sample !== undefined && settings.latent === undefined) {
    throw new UserError("the trainer: `sample` needs `latent`, the length of z, such as 128");
  }
  if (sample === undefined && settings.evaluate !== undefined) {
    throw new UserError("the trainer: `evaluate` scores samples, and there is no `sample` to draw them with");
  }
  return new OwnTrainer({ build, step, sample, optimizers } as never, settings);
}

/**
 * One training step: discriminator updates, then a generator update, amended by the techniques' hooks.
 *
 * Only the main pass of each player moves the state that layers carry (spectral norm's vectors, batch norm's running
 * statistics): the discriminator's is its own update, one power iteration an update, and the generator's is its own.
 */
import { clipWeights } from "../../losses/index.ts";
import { acrossReplicas, frozenStatistics } from "../../nn/index.ts";
import type { DiscriminatorPass, GeneratorPass, Player } from "../../techniques/index.ts";
import { noGrad, scope, Tensor } from "../../tensor/index.ts";
import { requireNumber } from "./compatible.ts";
import { judgeBatches } from "./discriminator-outputs.ts";
import type { BuiltGan } from "./gan.ts";
import { judgeGenerated } from "./generated-outputs.ts";
import { MicroBatchPass } from "./micro-batch-pass.ts";
import { judgementOf } from "./output-values.ts";
import { rowsOf } from "./sharding.ts";

/** The numbers of a step, in the order in which {@link trainingStep} returns them. */
export const STEP_NUMBERS = ["lossD", "lossG", "dReal", "dFake"] as const;

/**
 * `discriminatorSteps` updates of the discriminator and one of the generator.
 *
 * @returns float32 [4], {@link STEP_NUMBERS}: what each player minimised, penalties included, and the mean D(real) and
 *   D(fake) before the update; those of the discriminator are means over its updates. The caller disposes it.
 *
 * @example
 * const numbers = trainingStep(game);
 */
export function trainingStep(gan: BuiltGan): Tensor {
  gan.streams.claim();
  const { replica } = gan.sharding;
  return acrossReplicas(replica.size, () =>
    scope(() => {
      const rows = Array.from({ length: gan.recipe.discriminatorSteps }, () => scope(() => discriminatorUpdate(gan)));
      const lossG = scope(() => generatorUpdate(gan));
      gan.reach(gan.step + 1);
      const [lossD, dReal, dFake] = meanOf(rows);
      return Tensor.stack([lossD!, lossG, dReal!, dFake!]);
    }),
  );
}

/** The mean of each number over the rows: [lossD, dReal, dFake]. */
function meanOf(rows: readonly (readonly Tensor[])[]): readonly Tensor[] {
  if (rows.length === 1) return rows[0]!;
  return rows[0]!.map((_, i) => Tensor.stack(rows.map((row) => row[i]!)).mean());
}

function discriminatorUpdate(gan: BuiltGan): Tensor[] {
  const { discriminator, loss, techniques } = gan;
  const batch = gan.loader.next();
  const fakeLabels = gan.labels(gan.recipe.batchSize);
  const latents = gan.latents(gan.recipe.batchSize);
  const rawFake = noGrad(() => frozenStatistics(() => makeImages(gan, latents, fakeLabels)));
  const augment = augmenting(gan);
  const real = augment(batch.images, "real");
  const fake = augment(rawFake, "fake");
  const batches = { real, fake, realLabels: batch.labels, fakeLabels };
  const { judgedReal, judgedFake, gradients } = judgeBatches(gan, batches);
  const smoothing = techniques.find((technique) => technique.targets);
  const targets = smoothing?.targets?.(gan, gan.recipe.batchSize);
  const pass: DiscriminatorPass = {
    ...batches,
    rawReal: batch.images,
    rawFake,
    latents,
    realOutput: judgedReal,
    fakeOutput: judgedFake,
    targets,
    discriminate: judging(gan),
    augment,
  };

  const replacing = techniques.find((technique) => technique.discriminatorLoss);
  let total: Tensor;
  if (replacing === undefined) {
    const halves = loss.discriminator(judgedReal.score, judgedFake.score, targets);
    total = halves.real.mean().add(halves.fake.mean());
  } else {
    total = requireNumber(replacing.discriminatorLoss!(pass, gan), replacing, "discriminatorLoss");
  }
  for (const technique of techniques) {
    const penalty = technique.discriminatorPenalty?.(pass, gan);
    if (penalty !== undefined) total = total.add(requireNumber(penalty, technique, "discriminatorPenalty"));
  }
  update(gan, "discriminator", gradients(total));
  if (loss.clip !== undefined) clipWeights(discriminator.parameters(), loss.clip);
  afterStep(gan, "discriminator");
  return noGrad(() => [
    total.detach(),
    loss.probability(judgedReal.score).mean(),
    loss.probability(judgedFake.score).mean(),
  ]);
}

export function generatorUpdate(gan: BuiltGan): Tensor {
  const { discriminator, loss, techniques } = gan;
  let pass: GeneratorPass;
  let total: Tensor;
  // The discriminator is a fixed judge here: its weights need neither gradients nor a record for them.
  discriminator.requiresGrad_(false);
  try {
    const latents = gan.latents(gan.recipe.batchSize);
    const labels = gan.labels(gan.recipe.batchSize);
    const augment = augmenting(gan);
    const made = judgeGenerated(gan, latents, labels, (images) => augment(images, "fake"));
    const { fake, rawFake, judged, gradients } = made;
    const selecting = techniques.find((technique) => technique.select);
    const selection = noGrad(() => selecting?.select?.(loss.realness(judged.score.detach()), gan, labels) ?? null);
    const rows = selection?.rows ?? null;
    const kept = judgementOf(judged, (part) => (rows === null ? part : part.indexSelect(0, rows)));
    const gradientsOf = (value: Tensor): (Tensor | null)[] => gradients(value, null, true);
    pass = {
      latents,
      labels,
      fake,
      rawFake,
      fakeOutput: judged,
      rows,
      keptOutput: kept,
      discriminate: judging(gan),
      augment,
      gradientsOf,
    };

    const replacing = techniques.find((technique) => technique.generatorLoss);
    total =
      replacing === undefined
        ? loss.generator(pass.keptOutput.score).mean()
        : requireNumber(replacing.generatorLoss!(pass, gan), replacing, "generatorLoss");
    if (selection !== null && selection.factor !== 1) total = total.mul(selection.factor);
    for (const technique of techniques) {
      const penalty = technique.generatorPenalty?.(pass, gan);
      if (penalty !== undefined) total = total.add(requireNumber(penalty, technique, "generatorPenalty"));
    }
    update(gan, "generator", gradients(total, rows));
  } finally {
    discriminator.requiresGrad_(true);
  }
  for (const technique of techniques) technique.extraUpdate?.(pass, gan);
  afterStep(gan, "generator");
  return total.detach();
}

/** Images of the whole batch, each part by the process that has it. */
function makeImages(gan: BuiltGan, latents: Tensor, labels: Tensor | undefined): Tensor {
  const { sharding, generator } = gan;
  if (sharding.whole) return generator.forward(latents, labels);
  const pass = new MicroBatchPass({
    ...gan.drawsOf("images"),
    forward: (part) => [generator.forward(rowsOf(latents, part), labels && rowsOf(labels, part))],
  });
  return pass.value(0).detach();
}

function augmenting(gan: BuiltGan): DiscriminatorPass["augment"] {
  return (images, of) => gan.techniques.reduce((seen, technique) => technique.augment?.(seen, of, gan) ?? seen, images);
}

function judging({ discriminator }: BuiltGan): DiscriminatorPass["discriminate"] {
  return (images, labels) => frozenStatistics(() => discriminator.forward(images, labels));
}

/** A parameter that the loss does not touch (the head's, where a technique learns from features alone) gets zeros. */
function update(gan: BuiltGan, player: Player, found: readonly (Tensor | null)[]): void {
  const parameters = gan[player].parameters();
  let gradients: readonly Tensor[] = found.map((gradient, i) => gradient ?? Tensor.zerosLike(parameters[i]!));
  for (const technique of gan.techniques) gradients = technique.gradients?.(player, gradients, gan) ?? gradients;
  gan.optimizers[player].step(gradients);
}

function afterStep(gan: BuiltGan, player: Player): void {
  for (const technique of gan.techniques) technique.afterStep?.(player, gan);
}

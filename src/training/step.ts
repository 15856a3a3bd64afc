/**
 * One training step: discriminator updates, then a generator update, amended by the techniques' hooks.
 *
 * Only the main pass of each player moves the state that layers carry (spectral norm's vectors, batch norm's running
 * statistics): the discriminator's is its own update, one power iteration an update, and the generator's is its own.
 */
import { clipWeights } from "../losses/index.ts";
import { acrossReplicas, frozenStatistics } from "../nn/index.ts";
import type { DiscriminatorPass, GeneratorPass, Player } from "../techniques/index.ts";
import { noGrad, scope, Tensor } from "../tensor/index.ts";
import { requireNumber } from "./compatible.ts";
import { rowsOfPart } from "./division.ts";
import type { BuiltGame } from "./game.ts";
import { judgeGenerated } from "./generated-judgement.ts";
import { judgeBatches } from "./judged-batches.ts";
import { judgementOf } from "./judgement-parts.ts";
import { PartedPass } from "./parted-pass.ts";

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
export function trainingStep(game: BuiltGame): Tensor {
  game.streams.claim();
  const { replica } = game.division;
  return acrossReplicas(replica.size, () =>
    scope(() => {
      const rows = Array.from({ length: game.recipe.discriminatorSteps }, () => scope(() => discriminatorUpdate(game)));
      const lossG = scope(() => generatorUpdate(game));
      game.reach(game.step + 1);
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

function discriminatorUpdate(game: BuiltGame): Tensor[] {
  const { discriminator, loss, techniques } = game;
  const batch = game.feed.next();
  const fakeLabels = game.labels(game.recipe.batchSize);
  const latents = game.latents(game.recipe.batchSize);
  const rawFake = noGrad(() => frozenStatistics(() => makeImages(game, latents, fakeLabels)));
  const augment = augmenting(game);
  const real = augment(batch.images, "real");
  const fake = augment(rawFake, "fake");
  const batches = { real, fake, realLabels: batch.labels, fakeLabels };
  const { judgedReal, judgedFake, gradients } = judgeBatches(game, batches);
  const smoothing = techniques.find((technique) => technique.targets);
  const targets = smoothing?.targets?.(game, game.recipe.batchSize);
  const pass: DiscriminatorPass = {
    ...batches,
    rawReal: batch.images,
    rawFake,
    latents,
    judgedReal,
    judgedFake,
    targets,
    judge: judging(game),
    augment,
  };

  const replacing = techniques.find((technique) => technique.discriminatorLoss);
  let total: Tensor;
  if (replacing === undefined) {
    const halves = loss.discriminator(judgedReal.score, judgedFake.score, targets);
    total = halves.real.mean().add(halves.fake.mean());
  } else {
    total = requireNumber(replacing.discriminatorLoss!(pass, game), replacing, "discriminatorLoss");
  }
  for (const technique of techniques) {
    const penalty = technique.discriminatorPenalty?.(pass, game);
    if (penalty !== undefined) total = total.add(requireNumber(penalty, technique, "discriminatorPenalty"));
  }
  update(game, "discriminator", gradients(total));
  if (loss.clip !== undefined) clipWeights(discriminator.parameters(), loss.clip);
  afterStep(game, "discriminator");
  return noGrad(() => [
    total.detach(),
    loss.probability(judgedReal.score).mean(),
    loss.probability(judgedFake.score).mean(),
  ]);
}

export function generatorUpdate(game: BuiltGame): Tensor {
  const { discriminator, loss, techniques } = game;
  let pass: GeneratorPass;
  let total: Tensor;
  // The discriminator is a fixed judge here: its weights need neither gradients nor a record for them.
  discriminator.requiresGrad_(false);
  try {
    const latents = game.latents(game.recipe.batchSize);
    const labels = game.labels(game.recipe.batchSize);
    const augment = augmenting(game);
    const made = judgeGenerated(game, latents, labels, (images) => augment(images, "fake"));
    const { fake, rawFake, judged, gradients } = made;
    const selecting = techniques.find((technique) => technique.select);
    const selection = noGrad(() => selecting?.select?.(loss.realness(judged.score.detach()), game, labels) ?? null);
    const rows = selection?.rows ?? null;
    const kept = judgementOf(judged, (part) => (rows === null ? part : part.indexSelect(0, rows)));
    const gradientsOf = (value: Tensor): (Tensor | null)[] => gradients(value, null, true);
    pass = { latents, labels, fake, rawFake, judged, rows, kept, judge: judging(game), augment, gradientsOf };

    const replacing = techniques.find((technique) => technique.generatorLoss);
    total =
      replacing === undefined
        ? loss.generator(pass.kept.score).mean()
        : requireNumber(replacing.generatorLoss!(pass, game), replacing, "generatorLoss");
    if (selection !== null && selection.factor !== 1) total = total.mul(selection.factor);
    for (const technique of techniques) {
      const penalty = technique.generatorPenalty?.(pass, game);
      if (penalty !== undefined) total = total.add(requireNumber(penalty, technique, "generatorPenalty"));
    }
    update(game, "generator", gradients(total, rows));
  } finally {
    discriminator.requiresGrad_(true);
  }
  for (const technique of techniques) technique.extraUpdate?.(pass, game);
  afterStep(game, "generator");
  return total.detach();
}

/** Images of the whole batch, each part by the process that has it. */
function makeImages(game: BuiltGame, latents: Tensor, labels: Tensor | undefined): Tensor {
  const { division, generator } = game;
  if (division.whole) return generator.forward(latents, labels);
  const pass = new PartedPass({
    ...game.drawsOf("images"),
    forward: (part) => [generator.forward(rowsOfPart(latents, part), labels && rowsOfPart(labels, part))],
  });
  return pass.value(0).detach();
}

function augmenting(game: BuiltGame): DiscriminatorPass["augment"] {
  return (images, of) =>
    game.techniques.reduce((seen, technique) => technique.augment?.(seen, of, game) ?? seen, images);
}

function judging({ discriminator }: BuiltGame): DiscriminatorPass["judge"] {
  return (images, labels) => frozenStatistics(() => discriminator.forward(images, labels));
}

/** A parameter that the loss does not touch (the head's, where a technique learns from features alone) gets zeros. */
function update(game: BuiltGame, player: Player, found: readonly (Tensor | null)[]): void {
  const parameters = game[player].parameters();
  let gradients: readonly Tensor[] = found.map((gradient, i) => gradient ?? Tensor.zerosLike(parameters[i]!));
  for (const technique of game.techniques) gradients = technique.gradients?.(player, gradients, game) ?? gradients;
  game.optimizers[player].step(gradients);
}

function afterStep(game: BuiltGame, player: Player): void {
  for (const technique of game.techniques) technique.afterStep?.(player, game);
}

/**
 * One training step: discriminator updates, then a generator update, amended by the techniques' hooks.
 *
 * Only the main pass of each player moves the state that layers carry (spectral norm's vectors, batch norm's running
 * statistics): the discriminator's is its own update, one power iteration an update, and the generator's is its own.
 */
import { clipWeights } from "../losses/index.ts";
import type { Judgement } from "../models/index.ts";
import { BatchNorm, frozenStatistics } from "../nn/index.ts";
import type { DiscriminatorPass, GeneratorPass, Player } from "../techniques/index.ts";
import { grad, noGrad, scope, Tensor } from "../tensor/index.ts";
import type { BuiltGame } from "./game.ts";

/** The numbers of a step, in the order in which {@link trainingStep} returns them. */
export const STEP_NUMBERS = ["lossD", "lossG", "dReal", "dFake"] as const;

/**
 * `discriminatorSteps` updates of the discriminator and one of the generator.
 *
 * @returns float32 [4], {@link STEP_NUMBERS}: both losses and the mean D(real) and D(fake) of the last discriminator
 *   update; the caller disposes it
 *
 * @example
 * const numbers = trainingStep(game);
 */
export function trainingStep(game: BuiltGame): Tensor {
  return scope(() => {
    let numbers: Tensor[] = [];
    for (let i = 0; i < game.recipe.discriminatorSteps; i++) numbers = scope(() => discriminatorUpdate(game));
    const lossG = scope(() => generatorUpdate(game));
    for (const technique of game.techniques) technique.extraUpdate?.(game);
    game.step++;
    const [lossD, dReal, dFake] = numbers;
    return Tensor.stack([lossD!, lossG, dReal!, dFake!]);
  });
}

function discriminatorUpdate(game: BuiltGame): Tensor[] {
  const { discriminator, generator, loss, techniques } = game;
  const batch = game.feed.next();
  const fakeLabels = game.labels(game.recipe.batchSize);
  const made = noGrad(() => frozenStatistics(() => generator.forward(game.latents(game.recipe.batchSize), fakeLabels)));
  const real = augment(game, batch.images, "real");
  const fake = augment(game, made, "fake");
  const [judgedReal, judgedFake] = judgeBoth(game, real, fake, batch.labels, fakeLabels);
  const pass: DiscriminatorPass = {
    real,
    fake,
    realLabels: batch.labels,
    fakeLabels,
    judgedReal,
    judgedFake,
    judge: (images, labels) => frozenStatistics(() => discriminator.forward(images, labels)),
  };

  let total: Tensor | undefined;
  for (const technique of techniques) total ??= technique.discriminatorLoss?.(pass, game);
  if (total === undefined) {
    const target = techniques.find((technique) => technique.realTargets)?.realTargets?.();
    const halves = loss.discriminator(
      judgedReal.score,
      judgedFake.score,
      target === undefined ? undefined : { real: target },
    );
    total = halves.real.mean().add(halves.fake.mean());
  }
  for (const technique of techniques) {
    const penalty = technique.discriminatorPenalty?.(pass, game);
    if (penalty !== undefined) total = total.add(penalty);
  }
  update(game, "discriminator", total);
  if (loss.clip !== undefined) clipWeights(discriminator.parameters(), loss.clip);
  afterStep(game, "discriminator");
  return noGrad(() => [
    total.detach(),
    loss.probability(judgedReal.score).mean(),
    loss.probability(judgedFake.score).mean(),
  ]);
}

function generatorUpdate(game: BuiltGame): Tensor {
  const { discriminator, generator, loss, techniques } = game;
  // The discriminator is a fixed judge here: its weights need neither gradients nor a record for them.
  discriminator.requiresGrad_(false);
  try {
    const latents = game.latents(game.recipe.batchSize);
    const labels = game.labels(game.recipe.batchSize);
    const fake = augment(game, generator.forward(latents, labels), "fake");
    const judge = (images: Tensor, of?: Tensor): Judgement => frozenStatistics(() => discriminator.forward(images, of));
    const judged = judge(fake, labels);
    let rows: Tensor | null = null;
    for (const technique of techniques) {
      rows ??= noGrad(() => technique.select?.(loss.realness(judged.score.detach()), game)) ?? null;
    }
    const pass: GeneratorPass = { latents, labels, fake, judged, rows, judge };

    let total: Tensor | undefined;
    for (const technique of techniques) total ??= technique.generatorLoss?.(pass, game);
    total ??= loss.generator(rows === null ? judged.score : judged.score.indexSelect(0, rows)).mean();
    for (const technique of techniques) {
      const penalty = technique.generatorPenalty?.(pass, game);
      if (penalty !== undefined) total = total.add(penalty);
    }
    update(game, "generator", total);
    afterStep(game, "generator");
    return total.detach();
  } finally {
    discriminator.requiresGrad_(true);
  }
}

/**
 * Both batches judged in the discriminator's main pass: as one where samples do not influence each other (less work for
 * the same numbers), else one after the other, as batch norm in a discriminator wants (Radford et al. 2016).
 */
function judgeBoth(
  { discriminator }: BuiltGame,
  real: Tensor,
  fake: Tensor,
  realLabels: Tensor | undefined,
  fakeLabels: Tensor | undefined,
): [Judgement, Judgement] {
  if (couplesSamples(discriminator)) {
    const judgedReal = discriminator.forward(real, realLabels);
    return [judgedReal, frozenStatistics(() => discriminator.forward(fake, fakeLabels))];
  }
  const labels = realLabels && fakeLabels ? Tensor.cat([realLabels, fakeLabels]) : undefined;
  const both = discriminator.forward(Tensor.cat([real, fake]), labels);
  const size = real.shape[0]!;
  const half = (start: number): Judgement => ({
    score: both.score.narrow(0, start, size),
    logits: both.logits.narrow(0, start, size),
    features: both.features.narrow(0, start, size),
  });
  return [half(0), half(size)];
}

function couplesSamples(network: { modules(): readonly object[] }): boolean {
  return network.modules().some((module) => module instanceof BatchNorm);
}

function augment(game: BuiltGame, images: Tensor, of: "real" | "fake"): Tensor {
  return game.techniques.reduce((seen, technique) => technique.augment?.(seen, of) ?? seen, images);
}

function update(game: BuiltGame, player: Player, total: Tensor): void {
  let gradients: readonly Tensor[] = grad(total, game[player].parameters());
  for (const technique of game.techniques) gradients = technique.gradients?.(player, gradients, game) ?? gradients;
  game.optimizers[player].step(gradients);
}

function afterStep(game: BuiltGame, player: Player): void {
  for (const technique of game.techniques) technique.afterStep?.(player, game);
}

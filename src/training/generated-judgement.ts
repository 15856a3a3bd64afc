/**
 * How the discriminator judges the images of the generator's update, and how gradients come back from it.
 *
 * The usual way is one graph from the loss to the generator's weights. When a technique selects rows, the other rows'
 * gradients are zero, and autograd computes them all the same. A discriminator that treats images one by one can be asked
 * for the chosen images' gradients only; the generator's graph then takes over from the images.
 */
import type { Judgement } from "../models/index.ts";
import { frozenStatistics } from "../nn/index.ts";
import { grad, noGrad, Tensor } from "../tensor/index.ts";
import type { BuiltGame } from "./game.ts";

/** A judgement of generated images. */
export interface GeneratedJudgement {
  readonly judged: Judgement;
  /**
   * Gradients of a loss that depends on the judgement of these rows (null: all) with respect to the generator's weights;
   * null for a weight that it does not depend on.
   */
  gradients(loss: Tensor, rows: Tensor | null): (Tensor | null)[];
}

/**
 * Why every image's gradient is computed although a technique selects some; undefined where only theirs are, and where
 * nothing selects.
 */
export function wholeBatchReason({ discriminator, techniques }: BuiltGame): string | undefined {
  const selecting = techniques.find((technique) => technique.select);
  if (selecting === undefined) return undefined;
  const effect = "so the discriminator's gradient is computed for every image and a step is no shorter";
  const wider = techniques.find((technique) => technique.generatorLoss ?? technique.generatorPenalty);
  if (wider) return `${selecting.name}: \`${wider.name}\` may use the judgement of all images, ${effect}`;
  const coupled = discriminator.modules().some((module) => module.couplesSamples);
  // Also where the body offers it: a head that compares samples makes the kept rows' loss depend on the others.
  if (!coupled && discriminator.rowJudge !== undefined) return undefined;
  const why = coupled
    ? "the discriminator's batch statistics make every image matter to every other"
    : "the discriminator offers no gradients for some images alone";
  return `${selecting.name}: ${why}, ${effect}`;
}

/** Judges images that carry the generator's graph. */
export function judgeGenerated(game: BuiltGame, images: Tensor, labels: Tensor | undefined): GeneratedJudgement {
  const { discriminator, generator, techniques } = game;
  const selects = techniques.some((technique) => technique.select);
  const rowJudge = selects && wholeBatchReason(game) === undefined ? discriminator.rowJudge : undefined;
  if (rowJudge === undefined) {
    const judged = frozenStatistics(() => discriminator.forward(images, labels));
    return { judged, gradients: (loss) => grad(loss, generator.parameters(), { allowUnused: true }) };
  }
  const { judgement, imageGradient } = frozenStatistics(() => rowJudge(images.detach(), labels));
  return {
    judged: judgement,
    gradients: (loss, rows) => {
      const some = imageGradient(loss, rows);
      const all = rows === null ? some : noGrad(() => Tensor.zerosLike(images).indexCopy_(0, rows, some));
      return grad(images, generator.parameters(), { gradOutputs: [all], allowUnused: true });
    },
  };
}

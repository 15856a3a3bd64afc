/**
 * How the discriminator judges the images of the generator's update, and how gradients come back from it.
 *
 * The usual way is one graph from the loss to the generator's weights. When a technique selects rows, the other rows'
 * gradients are zero, and autograd computes them all the same. A discriminator that treats images one by one can be asked
 * for the chosen images' gradients only; the generator's graph then takes over from the images.
 */
import type { DiscriminatorOutput } from "../../models/index.ts";
import { frozenStatistics } from "../../nn/index.ts";
import { grad, noGrad, Tensor } from "../../tensor/index.ts";
import type { BuiltGan } from "./gan.ts";
import { MicroBatchPass } from "./micro-batch-pass.ts";
import { judgementFrom, valuesOf } from "./output-values.ts";
import { type MicroBatch, rowsOf } from "./sharding.ts";

/** A judgement of generated images. */
export interface GeneratedJudgement {
  readonly judged: DiscriminatorOutput;
  /**
   * Gradients of a loss that depends on the judgement of these rows (null: all) with respect to the generator's weights;
   * null for a weight that it does not depend on. `again` says that more will be asked for.
   */
  gradients(loss: Tensor, rows: Tensor | null, again?: boolean): (Tensor | null)[];
}

/**
 * Why every image's gradient is computed although a technique selects some; undefined where only theirs are, and where
 * nothing selects.
 */
export function wholeBatchReason({ discriminator, sharding, techniques }: BuiltGan): string | undefined {
  const selecting = techniques.find((technique) => technique.select);
  if (selecting === undefined) return undefined;
  const effect = "so the discriminator's gradient is computed for every image and a step is no shorter";
  const wider = techniques.find((technique) => technique.generatorLoss ?? technique.generatorPenalty);
  if (!sharding.whole) return `${selecting.name}: the batch is computed in parts, ${effect}`;
  if (wider) return `${selecting.name}: \`${wider.name}\` may use the judgement of all images, ${effect}`;
  const coupled = discriminator.modules().some((module) => module.couplesSamples);
  // Also where the body offers it: a head that compares samples makes the kept rows' loss depend on the others.
  if (!coupled && discriminator.rowJudge !== undefined) return undefined;
  const why = coupled
    ? "the discriminator's batch statistics make every image matter to every other"
    : "the discriminator offers no gradients for some images alone";
  return `${selecting.name}: ${why}, ${effect}`;
}

/** Images that the generator has made for its own update, raw and as the discriminator sees them, and their judgement. */
export interface GeneratedBatch extends GeneratedJudgement {
  readonly rawFake: Tensor;
  readonly fake: Tensor;
}

/** Has the generator make images and the discriminator judge them. */
export function judgeGenerated(
  gan: BuiltGan,
  latents: Tensor,
  labels: Tensor | undefined,
  augment: (images: Tensor) => Tensor,
): GeneratedBatch {
  if (!gan.sharding.whole) return judgeInParts(gan, latents, labels, augment);
  const rawFake = gan.generator.forward(latents, labels);
  const fake = augment(rawFake);
  return { rawFake, fake, ...judgeWhole(gan, fake, labels) };
}

/** Judges images that carry the generator's graph. */
function judgeWhole(gan: BuiltGan, images: Tensor, labels: Tensor | undefined): GeneratedJudgement {
  const { discriminator, generator, techniques } = gan;
  const selects = techniques.some((technique) => technique.select);
  const rowJudge = selects && wholeBatchReason(gan) === undefined ? discriminator.rowJudge : undefined;
  if (rowJudge === undefined) {
    const judged = frozenStatistics(() => discriminator.forward(images, labels));
    return {
      judged,
      gradients: (loss, _rows, again = false) =>
        grad(loss, generator.parameters(), { allowUnused: true, retainGraph: again }),
    };
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

/**
 * Both networks over a divided batch. The images of the whole batch are augmented in one go, so that the draws are those of
 * an undivided batch; gradients come back through the discriminator, the augmentation and the generator in turn.
 */
function judgeInParts(
  gan: BuiltGan,
  latents: Tensor,
  labels: Tensor | undefined,
  augment: (images: Tensor) => Tensor,
): GeneratedBatch {
  const { discriminator, sharding, generator } = gan;
  const parameters = generator.parameters();
  const rows = (batch: Tensor | undefined, part: MicroBatch): Tensor | undefined => batch && rowsOf(batch, part);
  const made = new MicroBatchPass({
    ...gan.drawsOf("generator"),
    forward: (part, first) => {
      const make = (): Tensor[] => [generator.forward(rowsOf(latents, part), rows(labels, part))];
      return first ? make() : frozenStatistics(make);
    },
  });
  const rawFake = made.value(0);
  const fake = augment(rawFake);
  const seen = fake.detach().requiresGrad_(true);
  const judging = new MicroBatchPass({
    ...gan.drawsOf("judge"),
    forward: (part) => frozenStatistics(() => valuesOf(discriminator.forward(rowsOf(seen, part), rows(labels, part)))),
  });
  return {
    rawFake,
    fake,
    judged: judgementFrom(judging, 0, judging.count),
    gradients(loss) {
      const { leaves } = judging;
      const found = grad(loss, [...leaves, rawFake, ...parameters], { allowUnused: true, retainGraph: true });
      const ofSeen = sharding.sum(judging.gradients(found.slice(0, leaves.length), [seen]), [seen]);
      const [ofRaw] = fake === rawFake ? ofSeen : grad(fake, [rawFake], { gradOutputs: ofSeen, retainGraph: true });
      const beside = found[leaves.length];
      const whole = beside ? ofRaw!.add(beside) : ofRaw!;
      return sharding.total(made.gradients([whole], parameters), found.slice(leaves.length + 1), parameters);
    },
  };
}

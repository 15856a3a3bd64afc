/** Semi-supervised learning with K + 1 classes (Salimans et al. 2016, "Improved Techniques for Training GANs", section 5). */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import type { DataLoader } from "../data/index.ts";
import { CROSS_ENTROPY_TARGETS, crossEntropy } from "../losses/index.ts";
import { type DiscriminatorNetwork, Head, insteadOfClasses, type ModelContext } from "../models/index.ts";
import { keep, noGrad, Tensor } from "../tensor/index.ts";
import { notNegative, whole } from "./options.ts";
import { type DiscriminatorPass, defineTechnique, type NetworkDescriptors } from "./technique.ts";

const options = z.strictObject({
  labels: whole(1).default(100),
  labelSeed: z.int("must be a whole number").min(0, "must not be negative").optional(),
  unsupervised: notNegative.default(0.5),
});

/**
 * D becomes a classifier of K classes of real images and one more, "generated". Its logits are l_1 ... l_K; the K + 1st is fixed
 * at 0, since only differences matter. The score is s(x) = log sum_k exp l_k(x):
 *
 *     D(x) = 1 - p(K + 1 | x) = sigmoid(s(x))
 *     supervised    = -E_labelled log p(y | x, y < K + 1)        = E s(x) - l_y(x)
 *     unsupervised  = -E_real log D(x) - E_G log(1 - D(G(z)))    = E softplus(-s(x)) + E softplus(s(G(z)))
 *     loss of D     = supervised + `unsupervised` * unsupervised
 *
 * - `labels` (default 100): training images that have a label, the same number for each class. All images, these too, are
 *   unlabelled data.
 * - `labelSeed` (default: the run's seed): chooses these images and nothing else, so that runs of several seeds can share them.
 * - `unsupervised` (default 0.5, as in the authors' code: the mean over both halves; the paper's formula has 1): the weight.
 *
 * Each update of D takes a batch of labelled images besides the real and the generated one. G keeps its loss; the paper's is
 * `featureMatching`, which works best here. Targets of another technique (label smoothing) are those of the unsupervised half.
 * The log has `supervised`, `unsupervised` and `labelledError`, the share of the labelled batch that D classified wrongly.
 *
 * @throws UserError for an option out of range, data without classes, `labels` that is no multiple of the classes, a D that looks at
 *   labels or does not end in a `Head`, and a loss that clips D's weights or has other targets than 1 and 0.
 *
 * @example
 * techniques: [semiSupervised({ labels: 100 }), featureMatching()]
 */
export const semiSupervised = defineTechnique("semiSupervised", options, (o, context) => {
  const { classes } = context;
  if (classes < 2) {
    const has = classes === 0 ? insteadOfClasses(context) : "only one";
    throw new UserError(`\`semiSupervised\` learns classes, and this data has ${has}`);
  }
  if (o.labels % classes !== 0) {
    throw new UserError(
      `\`semiSupervised.labels\` (=${o.labels}) must be a multiple of the number of classes, ${classes}: each gets as many labels`,
    );
  }
  let labelled: DataLoader | undefined;
  let numbers: Tensor | undefined;
  return {
    name: "semiSupervised",
    graph: {},
    networks: (networks) => ({ ...networks, discriminator: withLogits(networks.discriminator, classes) }),
    loaders: () => ({ labelled: { perClass: o.labels / classes, choiceSeed: o.labelSeed } }),
    prepare(gan, loaders) {
      if (gan.loss.clip !== undefined) {
        throw new UserError(
          `\`semiSupervised\` makes the discriminator a classifier, whose weights the loss \`${gan.loss.name}\` would clip; take another loss`,
        );
      }
      const { real, fake } = gan.loss.usualTargets ?? CROSS_ENTROPY_TARGETS;
      if (real !== CROSS_ENTROPY_TARGETS.real || fake !== CROSS_ENTROPY_TARGETS.fake) {
        throw new UserError(
          `\`semiSupervised\` has a cross-entropy, whose targets are 1 and 0, and those of the loss \`${gan.loss.name}\` are ${real} and ${fake}; take another loss`,
        );
      }
      labelled = loaders.labelled;
    },
    discriminatorLoss(pass) {
      const { supervised, wrong } = classification(pass, labelled!);
      const { real, fake } = crossEntropy(pass.realOutput.score, pass.fakeOutput.score, pass.targets);
      const unsupervised = real.mean().add(fake.mean());
      noGrad(() => {
        numbers ??= keep(Tensor.zeros([3], { device: supervised.device }));
        numbers.copy_(Tensor.stack([supervised, unsupervised, wrong]));
      });
      return supervised.add(unsupervised.mul(o.unsupervised));
    },
    report: () => {
      if (numbers === undefined) return {};
      const [supervised, unsupervised, labelledError] = Array.from(numbers.toArray(), Number);
      return { supervised: supervised!, unsupervised: unsupervised!, labelledError: labelledError! };
    },
    dispose: () => numbers?.dispose(),
  };
});

/** -log p(y | x, y < K + 1) of the next labelled images, and the share that is classified wrongly. */
function classification(
  { augment, discriminate }: DiscriminatorPass,
  loader: DataLoader,
): { supervised: Tensor; wrong: Tensor } {
  const { images, labels } = loader.next();
  const { logits } = discriminate(augment(images, "real"));
  return { supervised: logits.crossEntropy(labels!), wrong: logits.detach().argmax(1).ne(labels!).float().mean() };
}

/** D with a logit for each class. */
function withLogits(
  discriminator: NetworkDescriptors["discriminator"],
  classes: number,
): NetworkDescriptors["discriminator"] {
  if (discriminator.options.conditional === true) {
    throw new UserError(
      "`semiSupervised` asks the discriminator for the class, and with `discriminator.conditional` (=true) it is told; set it to false",
    );
  }
  const build = (context: ModelContext): DiscriminatorNetwork => {
    const network = discriminator.build({ ...context, logits: classes });
    if (network.modules().some((module) => module instanceof Head)) return network;
    throw new UserError(
      `\`semiSupervised\` needs a discriminator with a logit for each class, and \`${discriminator.kind}\` has no \`Head\` that gives it`,
    );
  };
  return { ...discriminator, build };
}

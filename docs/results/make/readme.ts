/** README.md: every question with its answer, which is made where its page is. */
import { capital } from "./compare.ts";
import { answers as exploring } from "./exploring.ts";
import { answers as games } from "./games.ts";
import { answers as improved } from "./improved.ts";
import { answers as mine } from "./mine.ts";
import { answers as modern } from "./modern.ts";
import { answers as spectralNorm } from "./spectral-norm.ts";
import { answers as topK } from "./top-k.ts";
import { answers as images } from "./top-k-images.ts";

/** Question, answer, and the place on its page. */
const questions: readonly (readonly [string, () => string, string])[] = [
  [
    "Do top-k updates give more high-quality samples (25 Gaussians, 100,000 iterations, 5 seeds)?",
    topK.quality,
    "top-k.md",
  ],
  ["Is it that fewer samples help?", topK.random, "top-k.md#the-controls-bottom-k-and-random-k"],
  [
    "Does an update on the worst samples move samples away from the modes?",
    topK.oracle,
    "top-k.md#why-where-the-bad-samples-stand-and-which-update-moves-them",
  ],
  ["Do seven GANs gain from top-k on MNIST, at three batch sizes?", images.images, "top-k-images.md"],
  ["Does it help to find the digit that was left out?", images.anomaly, "top-k-images.md#anomaly-detection-on-mnist"],
  [
    "And BigGAN with consistency regularisation on CIFAR-10, in small?",
    exploring.icr,
    "exploring.md#biggan-with-consistency-regularisation-with-and-without-top-k",
  ],
  [
    "What do the improved techniques do together, and each alone?",
    improved.ablation,
    "improved.md#what-each-technique-is-worth",
  ],
  ["What helps a GAN that loses modes?", improved.collapse, "improved.md#a-gan-that-loses-modes-what-helps"],
  [
    "Does one-sided label smoothing protect D from adversarial examples?",
    improved.smoothing,
    "improved.md#label-smoothing-and-adversarial-examples",
  ],
  [
    "How many errors on MNIST with 100 labels?",
    improved.semi,
    "improved.md#semi-supervised-learning-on-mnist-100-labels",
  ],
  ["Does the relativistic loss with R1 and R2 cover more modes?", modern.modes, "modern.md"],
  ["Do Gantry's recipes gain from it at equal time?", modern.equalTime, "modern.md#gantrys-own-recipes-at-equal-time"],
  ["Does historical averaging find equilibria?", games.answer, "games.md"],
  [
    "Which architecture, batch and data set gives which score?",
    exploring.architectures,
    "exploring.md#architecture-batch-size-data-set",
  ],
  [
    "What are attention, TTUR and hierarchical latents worth in a DCGAN, orthogonal weights in a BigGAN?",
    exploring.parts,
    "exploring.md#attention-two-learning-rates-and-hierarchical-latents-in-a-dcgan",
  ],
  ["What is spectral norm worth in a small DCGAN?", spectralNorm.spectralNorm, "spectral-norm.md"],
  ["Does MINE measure information?", mine.answer, "mine.md"],
  ["Does it recover modes?", exploring.mine, "exploring.md#mine-more-information-of-the-noise"],
  [
    "Does training collapse at 128 x 128 without dropout in D?",
    exploring.dropout,
    "exploring.md#dropout-in-d-at-128-x-128",
  ],
];

export const parts: Readonly<Record<string, () => string>> = {
  answers: () =>
    [
      ["question", "short answer", "page"],
      ["---", "---", "---"],
      ...questions.map(([question, answer, page]) => [question, capital(answer()), `[${page.split("#")[0]}](${page})`]),
    ]
      .map((row) => `| ${row.join(" | ")} |`)
      .join("\n"),
};

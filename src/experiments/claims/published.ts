/** The verdicts of the records in docs/results/data, by claim. Written by test/experiments/published-verdicts.test.ts. */
import type { Verdict } from "../claim.ts";

export const published: Readonly<Record<string, Verdict>> = {
  "mine-1": {
    outcome: "confirmed",
    text: "confirmed",
    evidence:
      "27 of 27 estimates lie within; at no correlation is the mean shown to be beyond (Holm's method over 9 correlations)",
    size: "3 seeds, 3,000 updates",
  },
  "mine-5": {
    outcome: "undecided",
    text: "undecided",
    evidence:
      "23 of 27 estimates lie within; at no correlation is the mean shown to be beyond (Holm's method over 9 correlations)",
    size: "3 seeds, 3,000 updates",
  },
  "mine-20": {
    outcome: "refuted",
    text: "refuted",
    evidence: "0 of 27 estimates lie within; beyond at rho 0.5 (Holm's method over 9 correlations)",
    size: "3 seeds, 3,000 updates",
  },
  "mine-collapse": {
    outcome: "undecided",
    text: "undecided",
    evidence:
      "code 3, beta 0.1, modes +6 ± 195 (p = 1), code 3, beta 0.1, reverse KL, nats -0.5 ± 2.0 (p = 1), code 3, beta 0.5, modes -22 ± 161 (p = 1), code 3, beta 0.5, reverse KL, nats 0.0 ± 2.4 (p = 1), code 3, beta 1, modes -32 ± 167 (p = 1), code 3, beta 1, reverse KL, nats +0.1 ± 1.9 (p = 1), code all, beta 0.1, modes +94 ± 48 (p = 0.067), code all, beta 0.1, reverse KL, nats -1.03 ± 0.81 (p = 0.26), code all, beta 0.5, modes -29 ± 267 (p = 1), code all, beta 0.5, reverse KL, nats +0.9 ± 2.4 (p = 1), code all, beta 1, modes +8 ± 263 (p = 1) and code all, beta 1, reverse KL, nats +0.3 ± 2.5 (p = 1); p by Holm's method over 12 differences",
    size: "5 seeds, 2,000 steps",
  },
  "mine-mixture": {
    outcome: "undecided",
    text: "at 20,000 of 100,000 steps: undecided",
    evidence:
      "MINE minus plain, modes -3.7 ± 7.2 (p = 0.40) and MINE minus plain, reverse KL, nats +0.69 ± 0.46 (p = 0.094); p by Holm's method over 4 differences",
    size: "3 seeds, 20,000 steps",
  },
  "mine-stacked": {
    outcome: "refuted",
    text: "refuted",
    evidence:
      "MINE minus plain, modes -31 ± 51 (p = 0.12) and MINE minus plain, reverse KL, nats +0.28 ± 0.14 (p = 0.027); p by Holm's method over 2 differences",
    size: "3 seeds, 5,000 steps",
  },
  "relativistic-mixture": {
    outcome: "undecided",
    text: "undecided",
    evidence:
      "RpGAN + R1 + R2 minus R1 + R2, reverse KL, nats +0.007 ± 0.013 (p = 0.89); p by Holm's method over 12 differences",
    size: "3 seeds, 4,000 steps",
  },
  "relativistic-stacked": {
    outcome: "confirmed",
    text: "confirmed",
    evidence:
      "RpGAN + R1 + R2 minus R1 + R2, modes +316 ± 86 (p = 0.024) and RpGAN + R1 + R2 minus R1 + R2, reverse KL, nats -3.2 ± 1.3 (p = 0.045); p by Holm's method over 8 differences",
    size: "3 seeds, 1,000 steps",
  },
  ttur: {
    outcome: "undecided",
    text: "undecided",
    evidence:
      "TTUR, FID +3.2 ± 3.2 (p = 0.32) and TTUR, Inception Score -0.74 ± 0.80 (p = 0.32); p by Holm's method over 8 differences",
    size: "5 seeds, 600 steps",
  },
  attention: {
    outcome: "confirmed",
    text: "confirmed",
    evidence:
      "attention, FID -1.80 ± 0.87 (p = 0.036) and attention, Inception Score +0.48 ± 0.36 (p = 0.14); p by Holm's method over 8 differences",
    size: "5 seeds, 600 steps",
  },
  "hierarchical-latents": {
    outcome: "undecided",
    text: "undecided",
    evidence:
      "hierarchical latents, FID -0.1 ± 2.4 (p = 1) and hierarchical latents, Inception Score -0.09 ± 0.60 (p = 1); p by Holm's method over 8 differences",
    size: "5 seeds, 600 steps",
  },
  "dropout-128": {
    outcome: "undecided",
    text: "at 1 of 3 seeds, 1,000 of 14,500 steps: undecided",
    evidence:
      "batch norm, without minus with dropout, modes 0 and spectral norm, without minus with dropout, modes +6; too few seeds for a test",
    size: "1 seed, 1,000 steps",
  },
  resolution: {
    outcome: "undecided",
    text: "undecided",
    evidence:
      "32, Inception Score +0.14 ± 0.48 (p = 0.66) and 64, Inception Score +0.89 ± 0.90 (p = 0.20); p by Holm's method over 4 differences",
    size: "3 seeds, 600 steps",
  },
  "batch-size": {
    outcome: "undecided",
    text: "undecided",
    evidence:
      "dcgan on mnist, FID -0.7 ± 1.0 (p = 0.67), dcgan on mnist, Inception Score +0.31 ± 0.64 (p = 0.86), sn-dcgan on mnist, FID +2 ± 11 (p = 1), sn-dcgan on mnist, Inception Score -0.3 ± 1.3 (p = 1), dcgan on fashion-mnist, FID -0.49 ± 0.88 (p = 0.83), dcgan on fashion-mnist, Inception Score +0.34 ± 0.42 (p = 0.61), sn-dcgan on fashion-mnist, FID +1.2 ± 4.7 (p = 1) and sn-dcgan on fashion-mnist, Inception Score -0.1 ± 1.0 (p = 1); p by Holm's method over 8 differences",
    size: "3 seeds, 1,200 steps",
  },
  "spectral-norm": {
    outcome: "refuted",
    text: "refuted",
    evidence:
      "mnist, FID +112 ± 52 (p = 0.012), mnist, Inception Score -4.03 ± 0.18 (p < 0.001), fashion-mnist, FID +15.1 ± 2.2 (p < 0.001), fashion-mnist, Inception Score -2.54 ± 0.18 (p < 0.001), cifar10, FID +2.6 ± 1.5 (p = 0.018) and cifar10, Inception Score -0.43 ± 0.28 (p = 0.018); p by Holm's method over 6 differences",
    size: "3 seeds, 3,000 steps",
  },
  truncation: {
    outcome: "confirmed",
    text: "confirmed",
    evidence:
      "threshold 0.5 minus none, Inception Score +1.36 ± 0.14 (p = 0.001), threshold 0.5 minus none, precision +0.136 ± 0.016 (p = 0.001) and threshold 0.5 minus none, recall -0.343 ± 0.020 (p < 0.001); p by Holm's method over 3 differences",
    size: "3 draws of samples, 1,200 steps",
  },
  "orthogonal-initialisation": {
    outcome: "confirmed",
    text: "confirmed",
    evidence:
      "default, none, FID +9.5 ± 2.2 (p = 0.017) and default, none, Inception Score -1.84 ± 0.43 (p = 0.017); p by Holm's method over 6 differences",
    size: "3 seeds, 600 steps",
  },
  "feature-matching": {
    outcome: "undecided",
    text: "undecided",
    evidence: "feature matching, modes +5.2 ± 3.6 (p = 0.18); p by Holm's method over 12 differences",
    size: "5 seeds, 1,000 steps",
  },
  "minibatch-discrimination": {
    outcome: "undecided",
    text: "undecided",
    evidence: "minibatch discrimination, modes +0.6 ± 6.0 (p = 1); p by Holm's method over 12 differences",
    size: "5 seeds, 1,000 steps",
  },
  "historical-averaging": {
    outcome: "confirmed",
    text: "confirmed",
    evidence:
      "of 16 starts of the paper's game 16 arrive with the best weight (95 % interval 81 to 100 %); starts more than in plain play: bilinear +16 (weight 0.01, p < 0.001), dirac +16 (weight 0.01, p < 0.001), salimans +16 (weight 0.01, p < 0.001), forsaken +2 (weight 0.1, p = 0.50); p by Holm's method over the weights of a game",
    size: "16 starting points, 10,000 steps",
  },
  "label-smoothing": {
    outcome: "undecided",
    text: "undecided",
    evidence:
      "real images, epsilon 0.01, % +0 ± 21 (p = 1), real images, epsilon 0.02, % +0 ± 25 (p = 1), real images, epsilon 0.05, % +1 ± 35 (p = 1), real images, epsilon 0.1, % +4 ± 36 (p = 1), real images, epsilon 0.2, % +3 ± 16 (p = 1), generated images, epsilon 0.01, % +15 ± 24 (p = 1), generated images, epsilon 0.02, % +16 ± 30 (p = 1), generated images, epsilon 0.05, % +19 ± 41 (p = 1), generated images, epsilon 0.1, % +14 ± 57 (p = 1) and generated images, epsilon 0.2, % +4 ± 62 (p = 1); p by Holm's method over 10 differences",
    size: "5 seeds, 600 steps",
  },
  "mnist-20-labels": {
    outcome: "undecided",
    text: "at 1 of 10 label draws, 10 of 300 epochs: undecided",
    evidence: "4554 errors of 10,000, the paper's 1677 ± 452",
    size: "1 label draw, 10 epochs",
  },
  "mnist-50-labels": {
    outcome: "undecided",
    text: "at 1 of 10 label draws, 10 of 300 epochs: undecided",
    evidence: "2332 errors of 10,000, the paper's 221 ± 136",
    size: "1 label draw, 10 epochs",
  },
  "mnist-100-labels": {
    outcome: "undecided",
    text: "at 3 of 10 label draws, 100 of 300 epochs: undecided",
    evidence: "98 ± 21 errors of 10,000, the paper's 93 ± 6.5",
    size: "3 label draws, 100 epochs",
  },
  "mnist-200-labels": {
    outcome: "undecided",
    text: "at 1 of 10 label draws, 10 of 300 epochs: undecided",
    evidence: "539 errors of 10,000, the paper's 90 ± 4.2",
    size: "1 label draw, 10 epochs",
  },
  "improved-each": {
    outcome: "undecided",
    text: "undecided",
    evidence:
      "no labels, Inception Score -0.9 ± 1.1 (p = 0.66), no minibatch discrimination, Inception Score +0.7 ± 1.2 (p = 0.90), no virtual batch norm, Inception Score -0.38 ± 0.99 (p = 1), no label smoothing, Inception Score -0.13 ± 0.17 (p = 0.67), no historical averaging, Inception Score +0.04 ± 0.76 (p = 1) and no labels, no historical averaging, Inception Score -0.79 ± 0.32 (p = 0.099); p by Holm's method over 14 differences",
    size: "3 seeds, 600 steps",
  },
  "improved-together": {
    outcome: "confirmed",
    text: "confirmed",
    evidence:
      "none, FID +6.0 ± 1.1 (p = 0.024) and none, Inception Score -2.79 ± 0.75 (p = 0.050); p by Holm's method over 14 differences",
    size: "3 seeds, 600 steps",
  },
  "bottom-k": {
    outcome: "undecided",
    text: "undecided",
    evidence: "bottom-k minus all, high quality, % -0.4 ± 2.3 (p = 0.49); p by Holm's method over 5 differences",
    size: "3 seeds, 100,000 iterations",
  },
  "top-k-coverage": {
    outcome: "undecided",
    text: "undecided",
    evidence:
      "top-k minus all, modes with a sample -0.4 ± 1.1 (p = 0.37); p by Holm's method over 5 differences; reverse KL, nats -0.26 ± 0.11 (p = 0.014)",
    size: "5 seeds, 100,000 iterations",
  },
  "top-k-more-modes": {
    outcome: "undecided",
    text: "at 3 of 5 seeds, 20,000 of 100,000 iterations: undecided",
    evidence:
      "64 modes, high quality, % +41 ± 16 (p = 0.076), 64 modes, modes with a sample +30 ± 49 (p = 0.86), 100 modes, high quality, % +3 ± 13 (p = 1) and 100 modes, modes with a sample +18 ± 63 (p = 1); p by Holm's method over 10 differences",
    size: "3 seeds, 20,000 iterations",
  },
  "top-k-quality": {
    outcome: "refuted",
    text: "refuted",
    evidence: "top-k minus all, high quality, % -4.1 ± 2.2 (p = 0.023); p by Holm's method over 5 differences",
    size: "5 seeds, 100,000 iterations",
  },
  "oracle-direction": {
    outcome: "refuted",
    text: "refuted",
    evidence:
      "0-1 σ, cosine +0.037 ± 0.057 (p = 0.14), 1-2 σ, cosine +0.085 ± 0.077 (p = 0.074), 2-3 σ, cosine +0.142 ± 0.093 (p = 0.053), 3-4 σ, cosine +0.138 ± 0.094 (p = 0.053) and > 4 σ, cosine +0.236 ± 0.054 (p = 0.001); p by Holm's method over 5 differences",
    size: "5 seeds, 100,000 iterations",
  },
  "random-k": {
    outcome: "undecided",
    text: "undecided",
    evidence: "top-k minus random k, high quality, % -2.6 ± 5.5 (p = 0.36); p by Holm's method over 5 differences",
    size: "3 seeds, 100,000 iterations",
  },
  "top-k-gamma": {
    outcome: "undecided",
    text: "at 10,000 of 100,000 iterations: undecided",
    evidence:
      "gamma 0.5, nu 0.25 minus gamma 0.99, nu 0.25, high quality, % -11 ± 39 (p = 0.53) and gamma 0.5, nu 0.75 minus gamma 0.99, nu 0.75, high quality, % +6 ± 17 (p = 0.53); p by Holm's method over 2 differences",
    size: "3 seeds, 10,000 iterations",
  },
  "top-k-nu": {
    outcome: "undecided",
    text: "at 10,000 of 100,000 iterations: undecided",
    evidence:
      "gamma 0.5, nu 0.75 minus gamma 0.5, nu 0.25, high quality, % +29 ± 14 (p = 0.025) and gamma 0.99, nu 0.75 minus gamma 0.99, nu 0.25, high quality, % +13 ± 23 (p = 0.14); p by Holm's method over 2 differences; by these numbers alone it would be refuted",
    size: "3 seeds, 10,000 iterations",
  },
  "top-k-anomaly": {
    outcome: "undecided",
    text: "undecided",
    evidence:
      "dcgan, D -0.006 ± 0.058 (p = 1), dcgan, search +0.016 ± 0.030 (p = 1), dcgan, mix +0.010 ± 0.048 (p = 1), dcgan, D, whole test split +0.006 ± 0.064 (p = 1), sn-dcgan, D -0.026 ± 0.091 (p = 1), sn-dcgan, search -0.008 ± 0.023 (p = 1), sn-dcgan, mix -0.025 ± 0.061 (p = 1) and sn-dcgan, D, whole test split -0.028 ± 0.092 (p = 1); p by Holm's method over 8 differences",
    size: "3 seeds, 600 steps",
  },
  "top-k-images": {
    outcome: "undecided",
    text: "undecided",
    evidence:
      "all GANs and batch sizes, FID -0.70 ± 0.48 (p = 0.20) and all GANs and batch sizes, Inception Score +0.14 ± 0.11 (p = 0.47); p by Holm's method over 40 differences; shown to differ alone: wgan, Inception Score -0.263 ± 0.087 (p = 0.013)",
    size: "3 seeds, 240 steps or more",
  },
  "top-k-residual": {
    outcome: "undecided",
    text: "undecided",
    evidence:
      "all GANs and batch sizes, FID -0.07 ± 0.43 (p = 1) and all GANs and batch sizes, Inception Score +0.00 ± 0.19 (p = 1); p by Holm's method over 24 differences; no single GAN or batch size differs",
    size: "3 seeds, 240 steps or more",
  },
  "top-k-biggan": {
    outcome: "undecided",
    text: "undecided",
    evidence: "top-k minus all, FID -4.0 ± 6.0 (p = 0.20); p by Holm's method over 2 differences",
    size: "3 seeds, 600 steps",
  },
};

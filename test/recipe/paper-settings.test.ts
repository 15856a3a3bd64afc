/**
 * The constants of shipped recipes that stand for published settings, written out a second time. Where only a later
 * reproduction or the authors' code has a number, that is its source.
 */
import { expect, it } from "vitest";
import { toPlainRecipe } from "../../src/recipe/plain.ts";
import { shippedRecipes } from "../../src/recipe/shipped/index.ts";

const shipped = async (name: string) => toPlainRecipe((await shippedRecipes[name]!()).default);
const part = (kind: string, options: object = {}): unknown =>
  expect.objectContaining({ kind, options: expect.objectContaining(options) });
const adam = (lr: number, betas: readonly number[]) => part("adam", { lr, betas });
const both = (optimizer: unknown) => ({ generator: optimizer, discriminator: optimizer });

it("mixture is the experiment of Sinha et al. 2020, section 3, as a public reproduction sets it up", async () => {
  const hidden = [256, 256, 256, 256];
  expect(await shipped("mixture")).toMatchObject({
    data: part("mixtureOfGaussians", { arrangement: "grid", modes: 25, sigma: 0.05 }),
    generator: part("mlp", { latent: 2, hidden }),
    discriminator: part("mlp", { hidden }),
    loss: part("nonSaturating"), // the cross-entropy of the reproduction
    techniques: [part("topK", { gamma: 0.99, floor: 0.75, everySteps: 2_000 })], // down to 192 of 256
    optimizers: both(adam(1e-4, [0.9, 0.99])),
    latentDistribution: "normal",
    batchSize: 256,
    discriminatorSteps: 1,
    steps: 100_000,
    evaluate: { samples: 10_000 },
  });
});

it("semi-mnist is that of Salimans et al. 2016, section 5, except its length", async () => {
  expect(await shipped("semi-mnist")).toMatchObject({
    // Widths and noise of the paper's section 5 and the authors' code; the latents' length and distribution of the code.
    generator: part("noisyMlp", { latent: 100, hidden: [500, 500] }),
    discriminator: part("noisyMlp", { hidden: [1000, 500, 250, 250, 250], inputNoise: 0.3, noise: 0.5 }),
    techniques: expect.arrayContaining([
      part("semiSupervised", { labels: 100 }), // a row of the paper's table 1
      part("featureMatching", { norm: "l2", layer: -1, reduce: "mean" }), // the code: a mean square
    ]),
    optimizers: both(adam(3e-3, [0.5, 0.999])), // the code
    latentDistribution: "uniform",
    batchSize: 100, // the code
    epochs: 100, // ours; the code has 300
  });
});

it("semi-cifar10 is that of Salimans et al. 2016, section 5, with the constants of the authors' code", async () => {
  expect(await shipped("semi-cifar10")).toMatchObject({
    generator: part("allCnn", { latent: 100, width: 128 }),
    discriminator: part("allCnn", { width: 96, inputDropout: 0.2, dropout: 0.5 }),
    techniques: expect.arrayContaining([
      part("semiSupervised", { labels: 4_000 }), // a row of the paper's table 2
      part("featureMatching", { norm: "l1", layer: -1, reduce: "mean" }), // a mean absolute difference
    ]),
    optimizers: both(adam(3e-4, [0.5, 0.999])),
    // rate x min(3 - epoch / 400, 1): from epoch 800, of 500 steps each, to 0 at the end
    schedule: part("linearDecay", { from: 800 * 500 }),
    latentDistribution: "uniform",
    batchSize: 100,
    epochs: 1_200,
  });
});

it("biggan-128 is that of Brock et al. 2019", async () => {
  expect(await shipped("biggan-128")).toMatchObject({
    // Table 1 (ch 96), table 4 and appendix B (z, the shared embedding, attention at 64 x 64).
    generator: part("biggan", { latent: 120, width: 96, shared: 128, attention: 64, init: "orthogonal" }),
    discriminator: part("biggan", { width: 96, attention: 64, init: "orthogonal" }),
    loss: part("hinge"), // section 3
    techniques: [
      part("crossReplicaBatchNorm", {}), // section 3
      part("orthogonalRegularisation", { beta: 1e-4 }), // section 3.1
      part("weightAveraging", { decay: 0.9999, start: 20_000 }), // section 3; the start is that of the authors' code
      part("standingStatistics", { batches: 100 }), // appendix C.1
    ],
    optimizers: { generator: adam(5e-5, [0, 0.999]), discriminator: adam(2e-4, [0, 0.999]) }, // appendix C
    batchSize: 2_048, // table 1
    discriminatorSteps: 2, // section 3
  });
});

it.each([
  ["seed-dcgan-64", 64, 0, false],
  ["seed-sn-dcgan-64", 64, 0, true],
  ["seed-dcgan-128", 128, 0.5, false],
  ["seed-sn-dcgan-128", 128, 0.5, true],
] as const)(
  "%s is the DCGAN of Iyengar, Pandey and Mehta, section 3.2 and their code",
  async (name, size, dropout, spectralNorm) => {
    // The code: channels, no biases, z of 100, N(0, 0.02^2), cross-entropy, betas, 25,000 iterations. The paper: the rest.
    const shape = { widest: 16, bias: false, batchNorm: true, spectralNorm, init: "normal", conditional: false };
    expect(await shipped(name)).toMatchObject({
      generator: part("dcgan", { ...shape, latent: 100, width: 64 }),
      discriminator: part("dcgan", { ...shape, width: size, dropout, dropoutOf: "channels" }),
      loss: part("nonSaturating"),
      techniques: [],
      optimizers: both(adam(2e-4, [0.5, 0.999])),
      latentDistribution: "normal",
      batchSize: 64,
      discriminatorSteps: 1,
      steps: 25_000,
      evaluate: { samples: 50_000 },
    });
  },
);

it("the recipes with top-k have the paper's regime for images, and nothing else that is new", async () => {
  for (const name of ["cifar10-biggan-icr", "biggan-128"]) {
    const [plain, topK] = [await shipped(name), await shipped(`${name}-topk`)];
    // Sinha et al. 2020: k falls once an epoch, to half to three quarters of the batch.
    const own = part("topK", { gamma: 0.99, floor: 0.5, reduce: "mean", keep: "top" });
    expect(topK).toEqual({ ...plain, name: `${name}-topk`, techniques: [own, ...(plain.techniques as unknown[])] });
    const [first] = topK.techniques as { options: { everySteps?: number } }[];
    expect(first!.options.everySteps).toBeUndefined();
  }
});

it("biggan-128-seed is the re-implementation of Iyengar, Pandey and Mehta, sections 2.1 and 3.1", async () => {
  const options = { width: 64, attentionNorm: false, init: "default" };
  expect(await shipped("biggan-128-seed")).toMatchObject({
    generator: part("biggan", { ...options, latent: 120, shared: 128, embedding: "linear" }),
    discriminator: part("biggan", options),
    loss: part("hinge"),
    techniques: [],
    // Their rates, which are SAGAN's; they give no betas: SAGAN's (Zhang et al. 2019, section 4).
    optimizers: { generator: adam(1e-4, [0, 0.9]), discriminator: adam(4e-4, [0, 0.9]) },
    batchSize: 64,
    discriminatorSteps: 1,
    steps: 200_000,
  });
});

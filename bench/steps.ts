/** What the benchmarks time on our side: the trainer's own step on the recipes that `peer/` writes in PyTorch. */
import type { DataLoader } from "../src/data/loader.ts";
import type { Recipe, RecipeInput } from "../src/recipe/index.ts";
import type { Tensor } from "../src/tensor/index.ts";
import type { BuiltGan, DataShape } from "../src/training/index.ts";
import { compiledFile, type Gantry } from "./compiled.ts";
import { DEVICE, GRAPH } from "./device.ts";
import { inceptionStep } from "./inception.ts";
import type { Step } from "./step.ts";

const BATCH = 64;
const MIXTURE_BATCH = 256;
/** The weight of penalties. */
const PENALTY = 10;
/**
 * So small that the networks stay as they begin. On one batch that is repeated D would soon satisfy every hinge, and samples
 * without a gradient are left out of backward passes: what is to be measured is a step in which every sample has one.
 */
const RATE = 1e-10;

/** The steps by the name of their benchmark. */
export const STEPS: Readonly<Record<string, (gantry: Gantry) => Step | Promise<Step>>> = {
  "overhead-add": ({ scope, Tensor }) => {
    const [a, b] = [Tensor.rand([4]), Tensor.rand([4])].map((tensor) => tensor.to({ device: DEVICE })) as [
      Tensor,
      Tensor,
    ];
    return {
      run: (count) =>
        scope(() => {
          for (let i = 0; i < count; i++) a.add(b);
        }),
    };
  },
  mlp: (gantry) => {
    const { adam, mlp, nonSaturating, Tensor } = gantry;
    const optimizer = adam({ lr: RATE, betas: [0.9, 0.99] });
    const recipe = gantry.defineRecipe({
      name: "bench-mlp",
      data: gantry.mnist(),
      generator: mlp.generator({ latent: 2 }),
      discriminator: mlp.discriminator({}),
      loss: nonSaturating(),
      optimizers: { generator: optimizer, discriminator: optimizer },
      batchSize: MIXTURE_BATCH,
      steps: 1,
    });
    const modes = Tensor.randint(-2, 3, [MIXTURE_BATCH, 2]).to({ dtype: "float32" });
    const real = modes.add(Tensor.randn([MIXTURE_BATCH, 2]).mul(0.05));
    return stepsOf(gantry, ganOf(gantry, recipe, { sample: { features: 2 }, classes: [] }, real));
  },
  "dcgan-32": (gantry) => stepsOf(gantry, smallDcgan(gantry, 32, [])),
  "dcgan-64": (gantry) => stepsOf(gantry, smallDcgan(gantry, 64, [])),
  "dcgan-128": (gantry) => stepsOf(gantry, smallDcgan(gantry, 128, [])),
  "dcgan-32-r1": (gantry) =>
    stepsOf(gantry, smallDcgan(gantry, 32, [gantry.r1({ weight: PENALTY })], { loss: gantry.nonSaturating() })),
  "dcgan-32-wgan-gp": (gantry) => {
    const techniques = [gantry.gradientPenalty({ weight: PENALTY })];
    return stepsOf(gantry, smallDcgan(gantry, 32, techniques, { loss: gantry.wasserstein(), spectralNorm: false }));
  },
  "sngan-32": (gantry) => sngan(gantry, {}),
  "sngan-32-r1r2": (gantry) => {
    const { nonSaturating, r1, r2 } = gantry;
    return sngan(gantry, { techniques: [r1({ weight: PENALTY }), r2({ weight: PENALTY })], loss: nonSaturating() });
  },
  quickstart: async (gantry) => {
    const { quickstart } =
      await compiledFile<typeof import("../src/recipe/shipped/mnist.ts")>("recipe/shipped/mnist.js");
    const optimizer = gantry.adam({ lr: RATE, betas: [0, 0.9] });
    const optimizers = { generator: optimizer, discriminator: optimizer };
    const recipe = gantry.defineRecipe({
      ...quickstart,
      name: "bench-quickstart",
      data: gantry.mnist(),
      optimizers,
      steps: 1,
    });
    const real = gantry.Tensor.rand([recipe.batchSize, 1, 32, 32]).mul(2).sub(1);
    return stepsOf(gantry, ganOf(gantry, recipe, { sample: { channels: 1, size: 32 }, classes: [] }, real));
  },
  "biggan-32": (gantry) => bigganStep(gantry, 64, { size: 32, batch: 64, classes: 10 }),
  "biggan-32-96": (gantry) => bigganStep(gantry, 96, { size: 32, batch: 64, classes: 10 }),
  "biggan-128": (gantry) => bigganStep(gantry, 64, { size: 128, batch: 8, classes: 1000 }),
  "biggan-128-96": (gantry) => bigganStep(gantry, 96, { size: 128, batch: 32, classes: 1000 }),
  inception: inceptionStep,
};

/** SNGAN of the paper's widths. */
function sngan(gantry: Gantry, options: Extras): Step {
  const { resnet } = gantry;
  const networks = [resnet.generator({}), resnet.discriminator({})] as const;
  return resnetStep(gantry, networks, { size: 32, batch: 64, classes: 0 }, options);
}

function bigganStep(gantry: Gantry, width: number, batch: Parameters<typeof resnetStep>[2]): Step {
  const { biggan } = gantry;
  return resnetStep(gantry, [biggan.generator({ width }), biggan.discriminator({ width })], batch);
}

/** What a step has in place of the hinge loss alone. */
type Extras = Partial<Pick<RecipeInput, "loss" | "techniques">>;

/** A residual network on a batch that is repeated, with labels where there are classes. */
function resnetStep(
  gantry: Gantry,
  [generator, discriminator]: readonly [Recipe["generator"], Recipe["discriminator"]],
  { size, batch, classes }: { size: number; batch: number; classes: number },
  { loss = gantry.hinge(), techniques = [] }: Extras = {},
): Step {
  const { adam, Tensor } = gantry;
  const optimizer = adam({ lr: RATE, betas: [0, 0.9] });
  const recipe = gantry.defineRecipe({
    name: "bench-resnet",
    data: gantry.mnist(),
    generator,
    discriminator,
    loss,
    techniques,
    optimizers: { generator: optimizer, discriminator: optimizer },
    batchSize: batch,
    steps: 1,
    memoryFormat: "channelsLast",
  });
  const real = Tensor.rand([batch, 3, size, size]).mul(2).sub(1).contiguous("channelsLast");
  const labels = classes > 0 ? Tensor.randint(0, classes, [batch]) : undefined;
  const names = Array.from({ length: classes }, (_, i) => String(i));
  return stepsOf(gantry, ganOf(gantry, recipe, { sample: { channels: 3, size }, classes: names }, real, labels));
}

/**
 * The DCGAN of that size, with techniques or none, on a batch that is repeated. `batchNorm` is the generator's,
 * `spectralNorm` the discriminator's.
 */
export function smallDcgan(
  gantry: Gantry,
  size: number,
  techniques: RecipeInput["techniques"],
  {
    batchNorm = true,
    spectralNorm = true,
    loss = gantry.hinge(),
  }: { batchNorm?: boolean; spectralNorm?: boolean; loss?: RecipeInput["loss"] } = {},
): BuiltGan {
  const { adam, dcgan, Tensor } = gantry;
  const optimizer = adam({ lr: RATE, betas: [0, 0.9] });
  const recipe = gantry.defineRecipe({
    name: `bench-dcgan-${size}`,
    data: gantry.mnist(),
    generator: dcgan.generator({ latent: 128, width: 64, batchNorm }),
    discriminator: dcgan.discriminator({ width: 64, spectralNorm }),
    loss,
    optimizers: { generator: optimizer, discriminator: optimizer },
    techniques,
    batchSize: BATCH,
    steps: 1,
    memoryFormat: "channelsLast",
  });
  const real = Tensor.rand([BATCH, 3, size, size]).mul(2).sub(1).contiguous("channelsLast");
  return ganOf(gantry, recipe, { sample: { channels: 3, size }, classes: [] }, real);
}

/** A GAN on one batch that is repeated, as in the peer: the time of loading data is not measured. */
function ganOf(gantry: Gantry, described: Recipe, shape: DataShape, images: Tensor, classes?: Tensor): BuiltGan {
  const recipe = { ...described, device: DEVICE, ...(GRAPH ? { graph: true } : {}) };
  const [real, labels] = [images.to({ device: DEVICE }), classes?.to({ device: DEVICE })];
  const loader: DataLoader = {
    epoch: 0,
    next: () => ({ images: real, labels }),
    state: () => ({ tensors: new Map(), numbers: {} }),
    load: () => {},
  };
  return new gantry.BuiltGan(recipe, shape, loader);
}

/** The trainer's step. */
function stepsOf(gantry: Gantry, gan: BuiltGan): Step {
  const count = (network: BuiltGan["generator"] | BuiltGan["discriminator"]): number =>
    network.parameters().reduce((sum, { numel }) => sum + numel, 0);
  return {
    parameters: [count(gan.generator), count(gan.discriminator)],
    run: (count) => {
      // The loop reads the numbers of a step once in a while, the peer every time: here every time, too.
      for (let i = 0; i < count; i++) {
        const numbers = gantry.trainingStep(gan);
        numbers.toArray();
        numbers.dispose();
      }
    },
  };
}

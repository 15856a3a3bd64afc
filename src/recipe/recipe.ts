/**
 * `defineRecipe`: everything that one training run needs, as one frozen value.
 *
 * A recipe allocates nothing: its parts are descriptors, which a run builds when it starts. So it can be printed,
 * hashed, stored in the run folder and overridden from the command line.
 */
import type { z } from "zod";
import { deepFreeze } from "../base/descriptor.ts";
import { UserError } from "../base/errors.ts";
import { validationMessage } from "../base/validation-message.ts";
import { partsOf } from "./parts.ts";
import { recipeSchema } from "./schema.ts";
import { unstorable } from "./storable.ts";

/** What {@link defineRecipe} takes. Keys with a default may be left out. */
export type RecipeInput = z.input<typeof recipeSchema>;

type DeepReadonly<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** A checked recipe with every default filled in, frozen all the way down. */
export type Recipe = DeepReadonly<z.output<typeof recipeSchema>>;

const recipes = new WeakSet<object>();

/** Whether a value was made by {@link defineRecipe}. */
export function isRecipe(value: unknown): value is Recipe {
  return typeof value === "object" && value !== null && recipes.has(value);
}

/**
 * Checks a recipe, fills in its defaults and freezes it.
 *
 * | key | meaning | default |
 * | --- | --- | --- |
 * | `name` | names the run's folder | the recipe file's name |
 * | `data` | where the images come from, such as `mnist({ size: 32 })` | required |
 * | `generator`, `discriminator` | the two networks, such as `dcgan.generator({ width: 64 })` | required |
 * | `loss` | the objective, such as `hinge()` | required |
 * | `techniques` | what changes the training step, such as `[topK()]`; each kind at most once | `[]` |
 * | `optimizers` | `{ generator, discriminator }`, each such as `adam({ lr: 2e-4 })` | required |
 * | `schedule` | how the learning rates move, such as `linearDecay()` | constant |
 * | `batchSize` | samples in a batch | 64 |
 * | `steps` or `epochs` | length of the training: generator steps, or passes over the data; exactly one | required |
 * | `discriminatorSteps` | discriminator updates before each generator update | 1 |
 * | `accumulate` | micro-batches that a batch is split into, for batches larger than memory; the update is that of the whole batch | 1 |
 * | `seed` | of every random draw | 0 |
 * | `latentDistribution` | of the latent vectors: `normal` is N(0, 1), `uniform` is U(-1, 1) | `normal` |
 * | `labelDistribution` | of the classes that generated images are made for: all equally likely (`uniform`), or as frequent as in the data (`empirical`) | `uniform` |
 * | `samples` | `{ every, count, columns }`: steps between sample grids, images and columns of a grid | 500, 64, 8 |
 * | `log` | `{ every }`: steps between lines of the log | 20 |
 * | `evaluate` | `{ every, features, metrics, samples, real, best }`: steps between evaluations; the feature network; the scores; the number of generated images, and of real ones to compare with (all); the score whose best checkpoint is kept (the first) | none; 1000, `inception`, `[fid(), inceptionScore()]`, 10000 |
 * | `checkpoint` | `{ every, keep, at }`: steps between checkpoints, how many of the latest to keep besides the best, steps whose checkpoints are kept for good | 500, 2, `[]` |
 * | `memoryFormat` | layout of images and weights: `channelsLast` (NHWC; the faster one on CPU) or `contiguous` (NCHW) | `channelsLast` |
 * | `convolution` | how the algorithms of convolutions are chosen on a CPU: `measure` (the fastest), `exact` (the fastest without Winograd) or `rules` (nothing is measured); docs/explanation/convolutions.md | `measure`, or what `GANTRY_CONVOLUTION` says |
 * | `precision` | of matrix products and convolutions in training, as PyTorch's autocast has it: `float32`, `bf16` or `fp16`; docs/how-to/gpu.md | `float32` |
 * | `tf32` | whether training on a GPU rounds float32 products and convolutions to TF32, which is faster; scores never do; docs/how-to/gpu.md | false |
 * | `graph` | whether a step is captured on a GPU and replayed with one call (CUDA graphs), which small networks gain from; docs/how-to/gpu.md | false |
 * | `device` | `cpu`, `cuda`, `cuda:<number>` or `mps` | `cpu` |
 * | `threads` | CPU threads | all cores |
 *
 * @throws UserError with the key, the value and what is accepted when anything does not fit.
 *
 * @example
 * export default defineRecipe({
 *   data: mnist({ size: 32 }),
 *   generator: dcgan.generator({ latent: 128, width: 64 }),
 *   discriminator: dcgan.discriminator({ width: 64, spectralNorm: true }),
 *   loss: hinge(),
 *   techniques: [topK({ gamma: 0.99, floor: 0.5 })],
 *   optimizers: { generator: adam({ lr: 1e-4 }), discriminator: adam({ lr: 4e-4 }) },
 *   steps: 2_000,
 * });
 */
export function defineRecipe(input: RecipeInput | Recipe): Recipe {
  const parsed = recipeSchema.safeParse(input);
  if (!parsed.success) throw new UserError(validationMessage(parsed.error, recipeSchema, input));
  for (const [path, { options }] of partsOf(parsed.data)) {
    const option = unstorable(options);
    if (option === undefined) continue;
    throw new UserError(
      `\`${path}.${option}\` cannot be stored with the run; an option must be a number, a text, a boolean, null, ` +
        "or a list or plain object of these",
    );
  }
  const recipe = deepFreeze(parsed.data) as Recipe;
  recipes.add(recipe);
  return recipe;
}

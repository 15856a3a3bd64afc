/** Runs that were never trained, with generators whose samples differ from each other: what an export is tried on. */
import type { RecipeInput } from "../../src/recipe/index.ts";
import { defineRecipe } from "../../src/recipe/index.ts";
import { Generator, noGradScope, scope, Tensor } from "../../src/tensor/index.ts";
import {
  BuiltGan,
  type DataShape,
  NO_DATA,
  RunDirectory,
  startRun,
  writeCheckpoint,
} from "../../src/training/index.ts";

/** What {@link untrainedRun} takes. */
export interface UntrainedOptions {
  readonly recipe: RecipeInput;
  readonly shape: DataShape;
  /** Changes the GAN before its checkpoint is written. */
  readonly change?: ((gan: BuiltGan) => void) | undefined;
  /** Files of the user's own parts. */
  readonly modules?: readonly string[];
}

/** Writes a run with one checkpoint. Weights of G are such that its layers keep the size of their inputs. */
export function untrainedRun(
  directory: string,
  { recipe: input, shape, change, modules = [] }: UntrainedOptions,
): RunDirectory {
  const recipe = defineRecipe(input);
  return scope(() => {
    const gan = new BuiltGan(recipe, shape, NO_DATA);
    try {
      const generator = new Generator(5);
      noGradScope(() => {
        for (const weight of gan.generator.parameters()) {
          const { shape: sizes, numel } = weight;
          const deviation = sizes.length > 1 ? 1.5 / Math.sqrt(numel / Math.max(...sizes.slice(0, 2))) : 0.3;
          weight.copy_(
            Tensor.randn(sizes, { generator })
              .mul(deviation)
              .add(sizes.length > 1 ? 0 : 0.2),
          );
        }
      });
      change?.(gan);
      startRun(recipe, { directory, modules });
      const run = new RunDirectory(directory);
      const { conditions, ...rest } = shape;
      const data = { name: "untrained data", count: 100, ...rest, classes: [...shape.classes] };
      const columns = conditions === undefined ? {} : { conditions: [...conditions.columns] };
      run.keepConditions(shape);
      run.describe({ ...run.description(), data: { ...data, ...columns, classCounts: undefined } });
      writeCheckpoint(run.checkpoints, gan, 0);
      return run;
    } finally {
      gan.dispose();
    }
  });
}

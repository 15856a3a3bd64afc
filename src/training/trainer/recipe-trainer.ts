/** A recipe as a trainer: it builds a GAN whose step is the one of step/. */
import { applyOverrides, fromPlainRecipe, type PlainRecipe, type Recipe } from "../../recipe/index.ts";
import { refuseHalfConditional } from "../step/compatible.ts";
import { BuiltGan } from "../step/gan.ts";
import { Observation, type Wanted } from "../step/observation.ts";
import { STEP_NUMBERS, trainingStep } from "../step/step.ts";
import type { StepResult, Trainable } from "../trainable.ts";
import { memoryOf } from "./device-memory.ts";
import type { Trainer, TrainingSite } from "./trainer.ts";

/** The trainer that a recipe describes. */
export class RecipeTrainer implements Trainer {
  readonly settings: Recipe;
  readonly needsFile = false;

  constructor(recipe: Recipe) {
    this.settings = recipe;
  }

  amended(changes: readonly string[]): RecipeTrainer {
    return new RecipeTrainer(applyOverrides(this.settings, changes));
  }

  restored(plain: PlainRecipe): RecipeTrainer {
    return new RecipeTrainer(fromPlainRecipe(plain));
  }

  on(device: string): RecipeTrainer {
    return new RecipeTrainer({ ...this.settings, device });
  }

  build({ shape, loader, replica, startWith }: TrainingSite): Trainable {
    const gan = new TrainedGan(this.settings, shape, loader, replica, startWith);
    // A run that only draws samples has been trained already.
    if (loader !== undefined) refuseHalfConditional(gan);
    return gan;
  }
}

/** A GAN as the loop trains it. */
class TrainedGan extends BuiltGan implements Trainable {
  readonly draws = true;

  trainStep(wanted?: Wanted): StepResult {
    const { discriminatorSteps, batchSize } = this.recipe;
    const observation = wanted && new Observation(wanted);
    const values = trainingStep(this, observation);
    const skipped = this.precision.takeSkipped();
    return { names: STEP_NUMBERS, values, samples: discriminatorSteps * batchSize, skipped, observation };
  }

  report(): Record<string, number> {
    const reports = this.techniques.flatMap((technique) => Object.entries(technique.report?.() ?? {}));
    reports.push(...Object.entries(this.scheduledNumbers), ...Object.entries(this.precision.report()));
    reports.push(...Object.entries(memoryOf(this.recipe.device)));
    return Object.fromEntries(reports.filter(([, value]) => Number.isFinite(value)));
  }
}

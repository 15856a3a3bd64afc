/** The settings of a trainer: keys of a recipe, with the same meaning, defaults and checks. */
import { z } from "zod";
import { UserError } from "../../base/errors.ts";
import { type Places, recipeSchema, validationMessage } from "../../recipe/index.ts";

const { shape } = recipeSchema;

/** The schema of a trainer's settings. Their meaning is that of a recipe's keys. */
export const trainerSchema = z.strictObject({
  name: shape.name,
  data: shape.data,
  optimizers: z.record(z.string(), shape.optimizers.shape.generator).optional(),
  schedule: shape.schedule,
  batchSize: shape.batchSize,
  steps: shape.steps.unwrap(),
  seed: shape.seed,
  latent: shape.batchSize.unwrap().optional(),
  latentDistribution: shape.latentDistribution,
  samples: shape.samples,
  log: shape.log,
  evaluate: shape.evaluate,
  checkpoint: shape.checkpoint,
  memoryFormat: shape.memoryFormat,
  convolution: shape.convolution,
  device: shape.device,
  threads: shape.threads,
});

/** The settings as a user writes them. */
export type TrainerSettings = z.input<typeof trainerSchema>;

/** A trainer's settings, checked, with every default filled in. */
export type CheckedSettings = z.output<typeof trainerSchema>;

/** The keys of a trainer's settings that hold parts. */
export function placesOf({ optimizers = {} }: CheckedSettings): Places {
  const each = Object.keys(optimizers).map((name) => [`optimizers.${name}`, "optimizer"] as const);
  return {
    schema: trainerSchema,
    slots: { data: "data", schedule: "schedule", ...Object.fromEntries(each) },
    lists: { "evaluate.metrics": "metric" },
  };
}

/**
 * Checks settings.
 * @throws UserError with the key, the value and what is accepted.
 */
export function checkedSettings(input: unknown): CheckedSettings {
  const parsed = trainerSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new UserError(validationMessage(parsed.error, trainerSchema, input).replace(/^the recipe/, "the trainer"));
}

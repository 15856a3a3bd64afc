/**
 * The schema of a recipe: the single source of its keys, their types, ranges and defaults.
 *
 * `defineRecipe`, the stored form, `--set` and the documentation all follow from this file. A key that is not here is
 * refused everywhere; a key added here can be written, stored and overridden at once.
 */
import { z } from "zod";
import { isDescriptor } from "../base/descriptor.ts";
import { fid, inceptionScore } from "../metrics/index.ts";
import type { PartRole, PartTypes } from "./part-types.ts";

/** A part of each role as a recipe writes it, for messages. */
export const examples = {
  data: "mnist()",
  generator: "dcgan.generator()",
  discriminator: "dcgan.discriminator()",
  loss: "hinge()",
  technique: "topK()",
  optimizer: "adam()",
  schedule: "linearDecay()",
  metric: "fid()",
} as const satisfies Record<PartRole, string>;

/** A role with its article. */
export const named = (role: PartRole): string =>
  role === "data" ? "a dataset" : `${role === "optimizer" ? "an" : "a"} ${role}`;

/** The message for a value that is not the descriptor that belongs there; the three common mistakes have their own. */
function mistaken(input: unknown, role: PartRole): string {
  const wanted = `must be ${named(role)}, such as ${examples[role]}`;
  if (isDescriptor(input)) return `${wanted}; this is the ${input.role} \`${input.kind}\``;
  if (typeof input === "function") return `${wanted}; this is a function: call it, as in ${examples[role]}`;
  if (typeof input === "string") return `${wanted}; this is the text "${input}"`;
  return wanted;
}

function part<R extends PartRole>(role: R) {
  return z.custom<PartTypes[R]>((value) => isDescriptor(value, role), {
    error: (issue) => mistaken(issue.input, role),
  });
}

const whole = "must be a positive whole number";
/** The most samples of a picture. */
const MOST_SAMPLES = 10_000;

const count = () => z.int({ error: whole }).min(1, { error: whole });

/** Each kind at most once: otherwise `--set techniques.<kind>.<option>` and checkpoints could not tell two parts apart. */
const listOf = <R extends "technique" | "metric">(role: R) =>
  z
    .array(part(role), { error: `must be a list of ${role}s, such as [${examples[role]}]` })
    .superRefine((list, context) => {
      const seen = new Set<string>();
      for (const { kind } of list as readonly { kind: string }[]) {
        if (seen.has(kind))
          context.addIssue({ code: "custom", message: `holds \`${kind}\` twice; each ${role} may be given once` });
        seen.add(kind);
      }
    });

const evaluation = z.strictObject({
  every: count().default(1_000),
  features: z.string({ error: "must be the name of a feature network, such as mnist-classifier" }).default("inception"),
  metrics: listOf("metric").default(() => [fid(), inceptionScore()]),
  samples: count().default(10_000),
  real: count().optional(),
  best: z.string({ error: "must be the name of a score, such as fid" }).optional(),
});

/** The zod schema of a recipe; its keys are documented at {@link RecipeInput}. */
export const recipeSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^\w[\w.-]*$/, { error: "must consist of letters, digits, `-`, `_` and `.` (it names the run's folder)" })
      .optional(),
    data: part("data"),
    generator: part("generator"),
    discriminator: part("discriminator"),
    loss: part("loss"),
    techniques: listOf("technique").default([]),
    optimizers: z.strictObject(
      { generator: part("optimizer"), discriminator: part("optimizer") },
      {
        error: (issue) =>
          issue.code === "invalid_type" ? "must be { generator, discriminator }, each an optimizer" : undefined,
      },
    ),
    schedule: part("schedule").optional(),
    batchSize: count().default(64),
    steps: count().optional(),
    epochs: count().optional(),
    discriminatorSteps: count().default(1),
    accumulate: count().default(1),
    seed: z.int({ error: "must be a whole number" }).min(0, { error: "must not be negative" }).default(0),
    latentDistribution: z.enum(["normal", "uniform"]).default("normal"),
    labelDistribution: z.enum(["uniform", "empirical"]).default("uniform"),
    samples: z
      .strictObject({
        every: count().default(500),
        count: count()
          .max(MOST_SAMPLES, { error: `must be at most ${MOST_SAMPLES}: one picture shows them` })
          .default(64),
        columns: count().default(8),
      })
      .prefault({}),
    log: z.strictObject({ every: count().default(20) }).prefault({}),
    evaluate: evaluation.optional(),
    checkpoint: z
      .strictObject({
        every: count().default(500),
        keep: count().default(2),
        at: z.array(count(), { error: "must be a list of steps, such as [1000, 5000]" }).default([]),
      })
      .prefault({}),
    memoryFormat: z.enum(["contiguous", "channelsLast"]).default("channelsLast"),
    convolution: z.enum(["measure", "exact", "rules"]).optional(),
    precision: z.enum(["float32", "bf16", "fp16"]).optional(),
    tf32: z.boolean().optional(),
    graph: z.boolean().optional(),
    device: z
      .string()
      .regex(/^(cpu|cuda|mps)(:\d+)?$/, { error: "must be cpu, cuda, cuda:<number> or mps" })
      .default("cpu"),
    threads: count().optional(),
  })
  .superRefine((recipe, context) => {
    if (recipe.batchSize % recipe.accumulate !== 0)
      context.addIssue({
        code: "custom",
        path: ["accumulate"],
        message: `must divide \`batchSize\` (=${recipe.batchSize}) evenly`,
      });
    if (recipe.steps !== undefined && recipe.epochs !== undefined)
      context.addIssue({
        code: "custom",
        path: ["epochs"],
        message: "cannot be given together with `steps`: give one of the two",
      });
    if (recipe.steps === undefined && recipe.epochs === undefined)
      context.addIssue({
        code: "custom",
        path: ["steps"],
        message: "give the length of the training as `steps` or as `epochs`",
      });
  });

/** The places of the parts in a recipe, or in a trainer's settings. */
export interface Places {
  readonly schema: z.core.$ZodType;
  /** The keys that hold one descriptor each, with the role that belongs there, by dotted path. */
  readonly slots: Readonly<Record<string, PartRole>>;
  /** The keys that hold a list of descriptors, each of another kind. */
  readonly lists: Readonly<Record<string, PartRole>>;
}

const slots = {
  data: "data",
  generator: "generator",
  discriminator: "discriminator",
  loss: "loss",
  schedule: "schedule",
  "optimizers.generator": "optimizer",
  "optimizers.discriminator": "optimizer",
} as const satisfies Record<string, PartRole>;

const lists = { techniques: "technique", "evaluate.metrics": "metric" } as const satisfies Record<string, PartRole>;

/** The places of a recipe. */
export const recipePlaces: Places = { schema: recipeSchema, slots, lists };

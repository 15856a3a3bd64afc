/** `config.json` of a hub folder: what is needed to build the generator again, and how it was trained. */
import { z } from "zod";
import { storedSize } from "../../base/image-size.ts";
import { conditionSchema } from "../../training/index.ts";

/** Names in a hub folder. */
export const HUB_FILES = {
  weights: "model.safetensors",
  config: "config.json",
  onnx: "model.onnx",
  card: "README.md",
  samples: "samples.png",
  conditions: "conditions.safetensors",
} as const;

/** A file's own name, without a folder. */
const fileName = z.string().regex(/^[\w-][\w .-]*$/, "must be the name of a file in the folder");

const part = z.strictObject({
  role: z.enum(["data", "generator", "discriminator", "technique"]),
  kind: z.string(),
  options: z.record(z.string(), z.unknown()),
});

/** The schema of the file. */
export const configSchema = z.strictObject({
  format: z.literal(1),
  library: z.literal("gantry"),
  version: z.string(),
  /** The kind of the generator. */
  architecture: z.string(),
  /** Updates of the generator that it was trained for. */
  step: z.int().min(0),
  /** The part of the recipe that the generator's samples depend on. */
  recipe: z.strictObject({
    name: z.string(),
    data: part,
    generator: part,
    discriminator: part,
    techniques: z.array(part),
    batchSize: z.int().min(1),
    latentDistribution: z.enum(["normal", "uniform"]),
    memoryFormat: z.enum(["contiguous", "channelsLast"]),
  }),
  /** The form of a sample, and the labels. */
  data: z.strictObject({
    name: z.string(),
    count: z.int().min(0),
    sample: z.union([z.strictObject({ channels: z.int(), size: storedSize }), z.strictObject({ features: z.int() })]),
    classes: z.array(z.string()),
    classCounts: z.array(z.int().min(0)).optional(),
    conditions: z.array(conditionSchema).optional(),
    note: z.string().optional(),
  }),
  /** Files of the folder that define parts of the recipe. Importing runs them, so it asks for `--trust`. */
  modules: z.array(fileName),
  /** The CRC-32 of each file of tensors. */
  checksums: z.record(fileName, z.string()),
  /** The whole recipe, for readers; importing does not look at it. */
  training: z.record(z.string(), z.unknown()),
  /** Engine and versions that it was trained with. */
  engine: z.record(z.string(), z.union([z.string(), z.number()])),
});

/** The contents of `config.json`. */
export type HubConfig = z.output<typeof configSchema>;

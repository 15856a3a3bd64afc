/**
 * Classifier files: a {@link Classifier}'s weights as safetensors, with its description in the metadata.
 *
 * Matrices and kernels are stored as float16, vectors (norms, biases, running statistics) as float32. Round the network
 * first ({@link roundToFile}), so that the measured network is the one in the file.
 */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { readCheckedTensors, writeCheckedTensors } from "../formats/index.ts";
import { type Device, Generator, noGradScope, scope, type Tensor } from "../tensor/index.ts";
import { Classifier, LEAST_CLASSIFIER_SIZE } from "./classifier.ts";

const KEY = "classifier";

/** Allowed names of a classifier. The name becomes part of the names of scores. */
export const classifierName = /^[A-Za-z0-9][\w.-]*$/;

const whole = z.int().min(0);

// Bounds, because a network of the size that a file claims is built before its weights are compared with it.
const infoSchema = z.strictObject({
  version: z.literal(1),
  /** Its dataset's name: scores are named after `<name>-classifier`. */
  name: z.string().max(100).regex(classifierName),
  classes: z.array(z.string().max(1000)).min(2).max(10_000).readonly(),
  network: z.strictObject({
    channels: z.union([z.literal(1), z.literal(3)]),
    size: z.int().min(LEAST_CLASSIFIER_SIZE).max(1024),
    width: z.int().min(1).max(256),
    blocks: z.int().min(0).max(8),
  }),
  /** Side of the originals, where the training images were padded with black to the network's size. */
  paddedFrom: z.int().min(1).max(1024).optional(),
  /** Images of the whole test split, and how many of them these weights classify correctly. */
  test: z.strictObject({ correct: whole, count: z.int().min(1) }),
  /** Where the images came from and how they were prepared. */
  data: z.strictObject({ train: z.string(), test: z.string() }),
  /** The set-up of the training, its seed included. */
  training: z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])),
  /** Mean training loss and accuracy of every epoch, on augmented batches while the weights changed. */
  history: z.array(z.strictObject({ epoch: whole, loss: z.number(), accuracy: z.number() })).readonly(),
  /** Gantry's version, and the engine that computed the weights. */
  gantry: z.string(),
  engine: z.string(),
});

/** The metadata of a classifier file. */
export type ClassifierInfo = z.output<typeof infoSchema>;

const storedAsHalf = (tensor: Tensor): boolean => tensor.dtype === "float32" && tensor.ndim > 1;

/** Rounds a network's weights, in place, to the precision of the file. */
export function roundToFile(network: Classifier): void {
  noGradScope(() => {
    for (const tensor of network.stateDict().values()) {
      if (storedAsHalf(tensor)) tensor.copy_(tensor.to({ dtype: "float16" }));
    }
  });
}

/**
 * Writes a classifier, atomically.
 *
 * @throws UserError when the file system refuses.
 *
 * @example
 * roundToFile(network);
 * writeClassifier("letters.safetensors", network, info);
 */
export function writeClassifier(path: string, network: Classifier, info: ClassifierInfo): void {
  noGradScope(() => {
    const tensors = new Map<string, Tensor>();
    for (const [name, tensor] of network.stateDict()) {
      const plain = tensor.detach().contiguous();
      tensors.set(name, storedAsHalf(plain) ? plain.to({ dtype: "float16" }) : plain);
    }
    writeCheckedTensors(path, tensors, { kind: "gantry classifier", [KEY]: JSON.stringify(info) });
  });
}

/**
 * Reads a classifier, in evaluation mode.
 *
 * @throws UserError when the file cannot be read, is no classifier file, contradicts itself or its checksum, or holds weights
 * that are not finite.
 *
 * @example
 * const { network, info } = readClassifier("letters.safetensors", "cpu");
 */
export function readClassifier(path: string, device: Device): { network: Classifier; info: ClassifierInfo } {
  return scope(() => {
    const { tensors, metadata } = readCheckedTensors(path);
    const info = parseInfo(metadata[KEY], path);
    for (const [name, tensor] of tensors) {
      if (!tensor.isfinite().all().item())
        throw new UserError(`${path}: \`${name}\` holds numbers that are not finite`);
    }
    const context = { rng: new Generator(0), device };
    const network = new Classifier(context, { ...info.network, classes: info.classes.length });
    try {
      network.loadStateDict(tensors);
    } catch (error) {
      network.dispose();
      throw error instanceof UserError ? new UserError(`${path}: ${error.message}`, { cause: error }) : error;
    }
    network.requiresGrad_(false).eval();
    return { network, info };
  });
}

function parseInfo(text: string | undefined, path: string): ClassifierInfo {
  if (text === undefined) {
    throw new UserError(`${path} is not a classifier: give a file that \`gantry train-classifier\` wrote`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new UserError(`${path}: the metadata key \`${KEY}\` is not JSON, so the file is damaged`);
  }
  const parsed = infoSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UserError(
    `${path}: the metadata key \`${KEY}\` is not what this version of Gantry writes: ` +
      `${issue?.path.join(".") || "it"}: ${issue?.message}`,
  );
}

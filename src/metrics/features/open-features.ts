/** Feature networks by name: the values of `--features` and a recipe's `evaluate.features`. */
import { suggestion, UserError } from "../../base/errors.ts";
import { classifierNames, openClassifier } from "./classifier.ts";
import { openDinov2 } from "./dinov2.ts";
import type { FeatureNetwork } from "./feature-network.ts";
import { type InceptionResizer, openInception } from "./inception.ts";
import { openStackedClassifier, stackedClassifierName } from "./stacked-classifier.ts";

/** The names for {@link openFeatures}. Anything else must be the path of a classifier's file. */
export const featureNames: readonly string[] = ["inception", "dinov2", ...classifierNames, stackedClassifierName];

/** Where and how a feature network is opened. */
export interface OpenOptions {
  readonly device: string;
  /** How Inception's input is resized; classifiers have one way. Default: `tf1-bilinear`. */
  readonly resizer?: InceptionResizer | undefined;
}

/**
 * Opens `inception`, `dinov2`, a built-in classifier (`stacked-mnist-classifier` is the digits' one on each channel), or the file
 * of a user's classifier (`*.safetensors`, as `gantry train-classifier` writes it).
 *
 * @throws UserError when there is no such network or its weights are not there.
 *
 * @example
 * const network = await openFeatures("mnist-classifier", { device: "cpu" });
 */
export async function openFeatures(name: string, { device, resizer }: OpenOptions): Promise<FeatureNetwork> {
  if (name === "inception") return openInception({ device, ...(resizer ? { resizer } : {}) });
  if (name === "dinov2") return openDinov2({ device });
  if (name === stackedClassifierName) return openStackedClassifier({ device });
  if (classifierNames.includes(name) || name.endsWith(".safetensors")) return openClassifier(name, { device });
  throw new UserError(
    `there is no feature network \`${name}\`${suggestion(name, featureNames)}, or the path of a classifier's .safetensors file`,
  );
}

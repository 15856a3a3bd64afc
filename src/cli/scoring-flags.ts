/** Flags of the commands that score a run: which weights, by which features, against how many real images. */
import { featureNames } from "../metrics/index.ts";

export const scoring = {
  features: {
    type: "string",
    valueHint: "NAME",
    default: "inception",
    description: `${featureNames.join(", ")}, or a classifier's file`,
  },
  realCount: { type: "string", valueHint: "N", description: "at most this many real images; default: the protocol's" },
  checkpoint: {
    type: "string",
    valueHint: "WHICH",
    default: "last",
    description: "last, best, or the number of a step",
  },
  averaged: {
    type: "boolean",
    negativeDescription: "the weights of the last step",
    description: "the averaged weights, if the run keeps them (the default), or those of the last step",
  },
} as const;

/** Flags of the commands that score a run: which weights, by which features, against how many real images. */
import { featureNames } from "../metrics/index.ts";
import { flag } from "./flags.ts";

export const scoring = {
  features: flag("NAME", `${featureNames.join(", ")}, or a classifier's file`, "inception"),
  realCount: flag("N", "at most this many real images; default: the protocol's"),
  checkpoint: flag("WHICH", "last, best, or the number of a step", "last"),
  averaged: {
    type: "boolean",
    negativeDescription: "the weights of the last step",
    description: "the averaged weights, if the run keeps them (the default), or those of the last step",
  },
} as const;

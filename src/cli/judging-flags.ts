/** What commands that score a run have in common: which weights are judged, by which features, against how many images. */
export const judging = {
  features: {
    type: "string",
    valueHint: "NAME",
    default: "inception",
    description:
      "inception, mnist-classifier, fashion-mnist-classifier, cifar10-classifier, stacked-mnist-classifier, or a classifier's file",
  },
  realCount: { type: "string", valueHint: "N", description: "at most so many real images; default: the protocol's" },
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

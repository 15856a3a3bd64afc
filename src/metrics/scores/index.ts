/** The metrics that a recipe or the command line can name, each a short file over a formula. */
export { densityCoverage } from "./density-coverage.ts";
export { fid } from "./fid.ts";
export { fidInfinity } from "./fid-infinity.ts";
export { inceptionScore } from "./inception-score.ts";
export { kid } from "./kid.ts";
export { memorisation } from "./memorisation.ts";
export { mixture } from "./mixture.ts";
export { modes } from "./modes.ts";
export { precisionRecall } from "./precision-recall.ts";
export { slicedWasserstein } from "./sliced-wasserstein.ts";
export { testError } from "./test-error.ts";

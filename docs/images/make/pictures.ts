/** The schematic pictures of docs/images, by file name. `npm test -- test/docs/pictures.test.ts -u` writes them. */

import { gradientPenaltiesPicture } from "./gradient-penalties.ts";
import { labelSmoothingPicture } from "./label-smoothing.ts";
import { attentionPicture, spectralNormPicture } from "./layers.ts";
import { minibatchPicture } from "./minibatch-discrimination.ts";
import { averagesPicture, schedulesPicture } from "./over-steps.ts";
import { precisionRecallPicture } from "./precision-recall.ts";
import { relativisticPicture } from "./relativistic.ts";
import { topKPicture } from "./top-k.ts";
import { virtualBatchNormPicture } from "./virtual-batch-norm.ts";

export const pictures: Readonly<Record<string, () => string>> = {
  "averages.svg": averagesPicture,
  "gradient-penalties.svg": gradientPenaltiesPicture,
  "label-smoothing.svg": labelSmoothingPicture,
  "minibatch-discrimination.svg": minibatchPicture,
  "precision-recall.svg": precisionRecallPicture,
  "relativistic.svg": relativisticPicture,
  "schedules.svg": schedulesPicture,
  "self-attention.svg": attentionPicture,
  "spectral-norm.svg": spectralNormPicture,
  "top-k.svg": topKPicture,
  "virtual-batch-norm.svg": virtualBatchNormPicture,
};

/** Top-k training and the digit that was left out. */
import { type AnomalyRecord, anomaly } from "../anomaly/anomaly.ts";
import { anomalyArms, SCORE_NAMES } from "../anomaly/updates.ts";
import { decide, defineClaim } from "../claim.ts";
import { familyOf } from "../differences.ts";
import { STORED } from "./machines.ts";

export const topKAnomaly = defineClaim<AnomalyRecord>({
  name: "top-k-anomaly",
  claim: "Top-k training improves anomaly detection by GANs in every setting tried.",
  source: "Sinha et al. 2020, section 4 (anomaly detection on MNIST)",
  setup: "gantry lab anomaly: DCGAN and SN-DCGAN, each of ten digits left out once, all samples against the top k",
  limits: "Networks are narrow and runs have 600 steps, with k at half of the batch after 300.",
  size: { seeds: 3, length: 600, unit: "steps" },
  stages: ({ seeds, length }) => [
    {
      name: "anomaly",
      experiment: anomaly,
      options: { seeds, steps: length, gans: ["dcgan", "sn-dcgan"] },
      seconds: (12.8 * length) / 600,
    },
  ],
  rule: "By digit and seed, top-k minus all samples in AUROC of four scores of two GANs (eight differences, Holm's method): confirmed where one is higher and none lower, refuted where one is lower and none higher.",
  finding(records) {
    const family = familyOf(
      anomalyArms(records).map(({ gan, score, cells }) => ({ arm: gan, measure: SCORE_NAMES[score], cells })),
    );
    const length = Math.min(...records.map(({ steps }) => steps));
    return decide(
      family.map((difference) => ({ difference, side: "higher" })),
      "any",
      length,
    );
  },
  cost: STORED,
  records: "anomaly",
});

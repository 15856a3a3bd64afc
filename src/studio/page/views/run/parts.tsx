/** The parts of a run's page; a run has those that its data and its log allow. */
import type { FunctionComponent } from "preact";
import type { RunDetails } from "../../../api.ts";
import { DiagnosisView } from "../diagnosis/diagnosis-view.tsx";
import { LatentView } from "../latent/latent-view.tsx";
import { RatingPart } from "../rating/rating-view.tsx";
import { SelectionView } from "../selection/selection-view.tsx";
import { VectorsView } from "../vectors/vectors-view.tsx";
import { SettingsPart } from "./settings-part.tsx";
import { TrainingPart } from "./training-part.tsx";

/** One part. */
export interface RunPart {
  readonly key: string;
  readonly title: string;
  readonly Part: FunctionComponent<{ readonly run: RunDetails }>;
}

/** The parts that fit a run. */
export function partsOf({ data, summary: { settings } }: RunDetails): readonly RunPart[] {
  const isImages = data?.size !== undefined;
  return [
    { key: "training", title: "Training", Part: TrainingPart },
    {
      key: "kept",
      title: settings["techniques.topK"] === undefined ? "D's outputs" : "What top-k keeps",
      Part: SelectionView,
    },
    ...(data?.features === 2 ? [{ key: "vectors", title: "Vectors", Part: VectorsView }] : []),
    ...(isImages
      ? [
          { key: "latent", title: "Latent space", Part: LatentView },
          { key: "rating", title: "Real or fake?", Part: RatingPart },
        ]
      : []),
    { key: "diagnosis", title: "Diagnosis", Part: DiagnosisView },
    { key: "settings", title: "Settings", Part: SettingsPart },
  ];
}

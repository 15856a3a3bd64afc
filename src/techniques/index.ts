export { dragan } from "./dragan.ts";
export { featureMatching } from "./feature-matching.ts";
export { gradientPenalty } from "./gradient-penalty.ts";
export { historicalAveraging } from "./historical-averaging.ts";
export { labelSmoothing } from "./label-smoothing.ts";
export { mine } from "./mutual-information.ts";
export { r1 } from "./r1.ts";
export type {
  DiscriminatorPass,
  Feeds,
  Game,
  GeneratorPass,
  NetworkDescriptors,
  Player,
  Progress,
  Selection,
  Technique,
  TechniqueContext,
  TechniqueState,
} from "./technique.ts";
export { topK } from "./top-k.ts";
export { weightAveraging } from "./weight-averaging.ts";

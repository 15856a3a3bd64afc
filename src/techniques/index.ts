export { adaptiveAugmentation } from "./adaptive-augmentation.ts";
export { balancedConsistency } from "./balanced-consistency.ts";
export { consistencyRegularisation } from "./consistency-regularisation.ts";
export { crossReplicaBatchNorm } from "./cross-replica-batch-norm.ts";
export { dataDependentInitialisation } from "./data-dependent-initialisation.ts";
export { diffAugment } from "./diff-augment.ts";
export { dragan } from "./dragan.ts";
export { featureMatching } from "./feature-matching.ts";
export { gradientPenalty } from "./gradient-penalty.ts";
export { historicalAveraging } from "./historical-averaging.ts";
export { labelSmoothing } from "./label-smoothing.ts";
export { latentConsistency } from "./latent-consistency.ts";
export { leCam } from "./le-cam.ts";
export { minibatchDiscrimination } from "./minibatch-discrimination.ts";
export { minibatchStandardDeviation } from "./minibatch-standard-deviation.ts";
export { mine } from "./mutual-information.ts";
export { orthogonalRegularisation } from "./orthogonal-regularisation.ts";
export { r1 } from "./r1.ts";
export { semiSupervised } from "./semi-supervised.ts";
export { standingStatistics } from "./standing-statistics.ts";
export {
  type AuxiliaryLoaders,
  DECLARED,
  type DiscriminatorPass,
  defineTechnique,
  type Gan,
  type GeneratorPass,
  HOOKS,
  type Hook,
  type NetworkDescriptors,
  PLAYERS,
  type Player,
  type Progress,
  type RealBatch,
  type Selection,
  type Technique,
  type TechniqueContext,
  type TechniqueState,
} from "./technique.ts";
export { topK } from "./top-k.ts";
export { virtualBatchNorm } from "./virtual-batch-norm.ts";
export { weightAveraging } from "./weight-averaging.ts";

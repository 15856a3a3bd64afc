/** Tricks that plug into the training step. */

export { squaredGradientNorms } from "./input-gradient.ts";
export * from "./registry.ts";
export {
  type AuxiliaryLoaders,
  DECLARED,
  type DiscriminatorPass,
  defineTechnique,
  type Gan,
  type GeneratorPass,
  HOOKS,
  type Hook,
  type InputPlace,
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

/** Training of the classifiers that scores are computed with. */
export { countCorrect } from "./accuracy.ts";
export { oneCycle } from "./one-cycle.ts";
export { type ClassifierSetup, classifierSetup, fitToCount } from "./setup.ts";
export { randomShift } from "./shift.ts";
export {
  type ClassifierEpoch,
  type ClassifierTick,
  type ClassifierTraining,
  type TrainedClassifier,
  trainClassifier,
} from "./train.ts";

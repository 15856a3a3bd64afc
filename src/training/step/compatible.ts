/** Which techniques go together: what two of them cannot both do, and what a technique must not leave half done. */
import { suggestion, UserError } from "../../base/errors.ts";
import type { Loss } from "../../losses/index.ts";
import type { Technique } from "../../techniques/index.ts";
import type { Tensor } from "../../tensor/index.ts";

/** Hooks that only one technique of a recipe may have. */
const EXCLUSIVE = {
  discriminatorLoss: "replace the discriminator's loss",
  generatorLoss: "replace the generator's loss",
  select: "select the samples that the generator learns from",
  targets: "set the targets of real and generated images",
} as const;

/** @throws UserError, naming the techniques, when they cannot stand in one recipe or not with this loss. */
export function refuseConflicts(techniques: readonly Technique[], loss: Loss): void {
  for (const [hook, deed] of Object.entries(EXCLUSIVE)) {
    const names = techniques
      .filter((technique) => technique[hook as keyof typeof EXCLUSIVE] !== undefined)
      .map(({ name }) => `\`${name}\``);
    if (names.length > 1) throw new UserError(`${names.join(" and ")} both ${deed}; a recipe can have one of them`);
  }
  for (const { name, without } of techniques) {
    for (const [other, why] of Object.entries(without ?? {})) {
      if (!techniques.some((technique) => technique.name === other)) continue;
      throw new UserError(`\`${name}\` and \`${other}\` cannot stand in one recipe: ${why}`);
    }
  }
  for (const [i, { name, after }] of techniques.entries()) {
    for (const [other, why] of Object.entries(after ?? {})) {
      if (!techniques.slice(i + 1).some((technique) => technique.name === other)) continue;
      throw new UserError(`\`${name}\` must stand after \`${other}\` in \`techniques\`: ${why}`);
    }
  }
  const smoothing = techniques.find((technique) => technique.targets !== undefined);
  if (smoothing !== undefined && loss.usualTargets === undefined) {
    throw new UserError(
      `\`${smoothing.name}\` sets targets for the discriminator, and the loss \`${loss.name}\` has none; use nonSaturating, minimax or leastSquares`,
    );
  }
}

/** Everything that a technique may have. */
const MEMBERS: Readonly<Record<keyof Technique, true>> = {
  name: true,
  insteadOfEpochs: true,
  without: true,
  after: true,
  averages: true,
  standing: true,
  networks: true,
  loaders: true,
  prepare: true,
  augment: true,
  targets: true,
  discriminatorLoss: true,
  discriminatorPenalty: true,
  select: true,
  generatorLoss: true,
  generatorPenalty: true,
  gradients: true,
  extraUpdate: true,
  afterStep: true,
  sampler: true,
  report: true,
  state: true,
  load: true,
  dispose: true,
};

/** @throws UserError when a technique is an object with a member that nobody would ever call: a misspelt hook. */
export function refuseUnknownHooks(technique: Technique, kind: string): void {
  if (Object.getPrototypeOf(technique) !== Object.prototype) return;
  const known = Object.keys(MEMBERS);
  const unknown = Object.keys(technique).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new UserError(`the technique \`${kind}\` has \`${unknown}\`, which is no hook${suggestion(unknown, known)}`);
}

/**
 * @throws UserError when a technique's name is not its descriptor's kind, or its state can be kept but not put back.
 */
export function refuseHalfDone(technique: Technique, kind: string): void {
  const { name } = technique;
  if (name !== kind) {
    throw new UserError(
      `the technique \`${kind}\` calls itself \`${name}\`: its \`name\` must be the kind it is described under`,
    );
  }
  if ((technique.state === undefined) !== (technique.load === undefined)) {
    const [has, lacks] = technique.state === undefined ? ["load", "state"] : ["state", "load"];
    throw new UserError(
      `\`${name}\` has \`${has}\` but no \`${lacks}\`: a resumed run would differ from an uninterrupted one`,
    );
  }
}

/**
 * What a hook gave, if it is one number.
 * @throws UserError, naming the technique, when it has dimensions.
 */
export function requireNumber(value: Tensor, technique: Technique, hook: keyof Technique): Tensor {
  if (value.ndim === 0) return value;
  throw new UserError(
    `\`${technique.name}\`: ${hook} must return a number, and gave a tensor of shape [${value.shape.join(", ")}]; take its mean() or sum()`,
  );
}

/** @throws UserError when a technique counts epochs, for data that has none. */
export function refuseEpochs(techniques: readonly Technique[]): void {
  for (const { name, insteadOfEpochs } of techniques) {
    if (insteadOfEpochs === undefined) continue;
    throw new UserError(`\`${name}\` counts epochs, and this data has none; give it \`${insteadOfEpochs}\``);
  }
}

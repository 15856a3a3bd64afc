/** Checks which techniques can be in one recipe, and what a technique must return. */
import { suggestion, UserError } from "../../base/errors.ts";
import type { Loss } from "../../losses/index.ts";
import type { Recipe } from "../../recipe/index.ts";
import { DECLARED, type Gan, HOOKS, type Hook, type InputPlace, type Technique } from "../../techniques/index.ts";
import type { Tensor } from "../../tensor/index.ts";

/** @throws UserError that names the techniques when they cannot be in one recipe, or not with this loss. */
export function refuseConflicts(techniques: readonly Technique[], loss: Loss): void {
  for (const [hook, { exclusive }] of Object.entries(HOOKS)) {
    if (exclusive === undefined) continue;
    const names = techniques.filter((technique) => technique[hook as Hook]).map(({ name }) => `\`${name}\``);
    if (names.length > 1) {
      throw new UserError(`${names.join(" and ")} both ${exclusive}; a recipe can have one of them`);
    }
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

/** What {@link refuseHalfConditional} looks at. */
interface Conditioned extends Pick<Gan, "generator"> {
  readonly recipe: Recipe;
  readonly techniques: readonly Technique[];
}

/**
 * @throws UserError when only one of the networks looks at the classes. Networks of a user's own say by an option
 * `conditional`, and a generator by `takesLabels`, whether they do; a technique that replaces D's loss may teach D the
 * classes in another way.
 */
export function refuseHalfConditional({ recipe, generator, techniques }: Conditioned): void {
  const options = { generator: recipe.generator.options, discriminator: recipe.discriminator.options };
  if (options.discriminator.conditional === true && generator.takesLabels === "none") {
    throw new UserError(
      "`discriminator.conditional` is true and the generator does not look at classes: D would compare its images with labels that G never saw; add --set generator.conditional=true, or set discriminator.conditional=false",
    );
  }
  if (options.generator.conditional !== true || options.discriminator.conditional !== false) return;
  if (techniques.some(({ discriminatorLoss }) => discriminatorLoss !== undefined)) return;
  throw new UserError(
    "`generator.conditional` is true and `discriminator.conditional` is false: D never sees the labels, so nothing teaches G to follow them; add --set discriminator.conditional=true, or set generator.conditional=false",
  );
}

/** @throws UserError when a technique is an object with a member that is not used: a misspelt hook. */
export function refuseUnknownHooks(technique: Technique, kind: string): void {
  if (Object.getPrototypeOf(technique) !== Object.prototype) return;
  const known = [...Object.keys(DECLARED), ...Object.keys(HOOKS)];
  const unknown = Object.keys(technique).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new UserError(`the technique \`${kind}\` has \`${unknown}\`, which is no hook${suggestion(unknown, known)}`);
}

/** @throws UserError when a technique's name is not its descriptor's kind, or it has one of `state` and `load` only. */
export function refuseHalfDone(technique: Technique, kind: string): void {
  const { name } = technique;
  if (name !== kind) {
    throw new UserError(
      `the technique \`${kind}\` calls itself \`${name}\`: its \`name\` must be the kind under which it is defined`,
    );
  }
  if ((technique.state === undefined) !== (technique.load === undefined)) {
    const [has, lacks] = technique.state === undefined ? ["load", "state"] : ["state", "load"];
    throw new UserError(
      `\`${name}\` has \`${has}\` but no \`${lacks}\`: a resumed run would differ from an uninterrupted one`,
    );
  }
}

/** Returns a hook's result. @throws UserError that names the technique when it is not one number. */
export function requireNumber(value: Tensor, technique: Technique, hook: Hook): Tensor {
  if (value.ndim === 0) return value;
  throw new UserError(
    `\`${technique.name}\`: ${hook} must return a number, and gave a tensor of shape [${value.shape.join(", ")}]; take its mean() or sum()`,
  );
}

/** Returns a gradient that D's pass computed. @throws UserError when no technique named it in `inputGradients`. */
export function requireInputGradient(gradient: Tensor | undefined, of: InputPlace): Tensor {
  if (gradient !== undefined) return gradient;
  throw new UserError(
    `\`pass.inputGradient("${of}")\` in the discriminator's update: a technique that calls it must name "${of}" in its hook \`inputGradients\``,
  );
}

/** @throws UserError when a technique asks for a change through the augmentation, and none declared that it will. */
export function requireThrough(declared: boolean): void {
  if (declared) return;
  throw new UserError(
    "`pass.augmentedChange` in the discriminator's update: a technique that calls it must declare `throughAugmentation: true`",
  );
}

/** @throws UserError when a technique counts epochs and the data has none. */
export function refuseEpochs(techniques: readonly Technique[]): void {
  for (const { name, insteadOfEpochs } of techniques) {
    if (insteadOfEpochs === undefined) continue;
    throw new UserError(`\`${name}\` counts epochs, and this data has none; give it \`${insteadOfEpochs}\``);
  }
}

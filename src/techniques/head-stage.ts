/** Techniques that put a layer between the features of D and its last layer. */
import { UserError } from "../base/errors.ts";
import type { FeatureStage, ModelContext } from "../models/index.ts";
import { type BuildContext, Sequential } from "../nn/index.ts";
import { requireBuilt } from "./prepared.ts";
import type { NetworkDescriptors, Technique } from "./technique.ts";

/** Two stages, one after the other: those of two techniques. */
class Stages extends Sequential implements FeatureStage {
  readonly outputs: number;

  constructor(first: FeatureStage, second: FeatureStage) {
    super(first, second);
    this.outputs = second.outputs;
  }
}

/**
 * A technique that puts the stage made by `make` in front of D's last layer. With two such techniques, the first in the
 * recipe comes first.
 *
 * Building D throws a UserError when D does not ask its context for the stage in front of its head.
 */
export function headStage(name: string, make: (context: BuildContext, features: number) => FeatureStage): Technique {
  let built = false;
  return {
    name,
    graph: {},
    networks({ generator, discriminator }: NetworkDescriptors): NetworkDescriptors {
      const build = (context: ModelContext) => {
        built = true;
        let placed = false;
        const network = discriminator.build({
          ...context,
          beforeHead: (inner, features) => {
            placed = true;
            const stage = make(inner, features);
            const next = context.beforeHead?.(inner, stage.outputs);
            return next === undefined ? stage : new Stages(stage, next);
          },
        });
        if (placed) return network;
        throw new UserError(
          `\`${name}\`: the discriminator \`${discriminator.kind}\` has no head with a place before it; one is needed that ends in \`Head\`, as dcgan and mlp do`,
        );
      };
      return { generator, discriminator: { ...discriminator, build } };
    },
    prepare: () => requireBuilt(name, "discriminator", built),
  };
}

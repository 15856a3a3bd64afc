/** Which parts of a recipe a hub folder needs, and the files that define those of the user's own. */
import { basename } from "node:path";
import { isShipped, type PlainDescriptor, toPlain } from "../../base/descriptor.ts";
import { UserError } from "../../base/errors.ts";
import { importedFiles } from "../../recipe/index.ts";
import type { BuiltGan } from "../../training/index.ts";

/** The parts that the generator's samples depend on. */
export interface NeededParts {
  readonly data: PlainDescriptor;
  readonly generator: PlainDescriptor;
  readonly discriminator: PlainDescriptor;
  readonly techniques: readonly PlainDescriptor[];
}

/**
 * The parts of a GAN that its samples depend on: of the techniques those that change the generator network, such as
 * virtual batch norm. Averages and statistics of batch norm are in the weights that are written.
 */
export function neededParts({ recipe, techniques }: BuiltGan): NeededParts {
  const networks = { generator: recipe.generator, discriminator: recipe.discriminator };
  const changing = recipe.techniques.filter((_, i) => {
    const changed = techniques[i]!.networks?.(networks);
    return changed !== undefined && changed.generator !== networks.generator;
  });
  return {
    data: withoutFolders(toPlain(recipe.data)),
    generator: toPlain(recipe.generator),
    discriminator: toPlain(recipe.discriminator),
    techniques: changing.map(toPlain),
  };
}

/** A part without the folders of paths, which say more of a machine than of a generator. */
export function withoutFolders({ role, kind, options }: PlainDescriptor): PlainDescriptor {
  const shortened = Object.entries(options).map(([name, value]) =>
    typeof value === "string" && /^(?:\/|[A-Za-z]:[\\/])/.test(value) ? [name, basename(value)] : [name, value],
  );
  return { role, kind, options: Object.fromEntries(shortened) };
}

/**
 * The files that define the parts which do not ship with Gantry; none where all do.
 * @throws UserError when such a file imports others, which would be missing in the folder.
 */
export function ownFiles(
  { data, generator, discriminator, techniques }: NeededParts,
  modules: readonly string[],
): string[] {
  const own = [data, generator, discriminator, ...techniques].filter(({ role, kind }) => !isShipped(role, kind));
  if (own.length === 0) return [];
  for (const file of modules) {
    const others = importedFiles(file).filter((path) => path !== file);
    if (others.length === 0) continue;
    throw new UserError(
      `${file} defines ${own.map(({ role, kind }) => `the ${role} \`${kind}\``).join(" and ")}, and imports ${others.join(" and ")}: a hub folder takes single files; put what they define into one`,
    );
  }
  const names = modules.map((file) => basename(file));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UserError(`two files of this run are named ${twice}: rename one of them`);
  return [...modules];
}

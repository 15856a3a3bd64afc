/** Hierarchical latents (Brock et al. 2019, section 3 and figure 15): z in equal parts, one for each level of a generator. */
import { UserError } from "../base/errors.ts";

/**
 * The length of a part of z: one part for the first layer and one for each of `levels` ("blocks", "norms") after it.
 *
 * @throws UserError, in the name of `network`, when z cannot be cut like that.
 */
export function partLength(network: string, latent: number, levels: number, name: string): number {
  const parts = levels + 1;
  if (latent % parts === 0) return latent / parts;
  throw new UserError(
    `${network}: \`latent\` (=${latent}) must be a multiple of ${parts}: one part for the first layer and one for each of ${levels} ${name}`,
  );
}

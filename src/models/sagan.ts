/**
 * SAGAN (Zhang et al. 2019): the class-conditional ResNet GAN with self-attention in both networks, and with spectral
 * norm on every layer of the generator too.
 *
 * Attention is where the paper found it best at 128 pixels: on maps of 32 x 32 (its table 1). At other sizes it is on the
 * largest maps inside the network whose longer side is at most 32: at 32 and 48 pixels those of half the image's side.
 */
import { z } from "zod";
import { longerSide } from "../base/image-size.ts";
import { imageShape, type ModelContext } from "./context.ts";
import { defineDiscriminator, defineGenerator } from "./network.ts";
import { count, countOrNone, initialiser } from "./option-schemas.ts";
import { attendedSide } from "./residual-network.ts";
import { activatedSkip, ResnetGenerator, resnetDiscriminator, upsampling } from "./resnet.ts";

const LARGEST_ATTENTION = 32;

/** The longer side of the maps with attention, for images with this longer side. */
export const saganAttention = (longer: number): number => attendedSide(longer, LARGEST_ATTENTION);

/** The differences of SAGAN's networks from SNGAN's. SAGAN's code draws all weights with gain 1. */
function settings<O extends { attention?: number | undefined }>(context: ModelContext, network: string, options: O) {
  const attention = options.attention ?? saganAttention(longerSide(imageShape(context, network).size));
  return { ...options, attention, spectralNorm: true, branchGain: 1 };
}

const attention = countOrNone.optional();
const conditional = z.boolean().default(true);
const init = initialiser.default("xavierUniform");

/**
 * SAGAN's networks as parts of a recipe, for images of any size that has a base grid (docs/models/sizes.md).
 *
 * `sagan.generator`: `latent` 128 (length of z), `width` (channels next to the image; by default 256 at 32 pixels, 64
 * at the others), `conditional` true (batch norm with a gain and a bias for each class), `attention` (longer side of
 * the maps with self-attention; by default that of the largest up to 32; 0 for none), `upsampling` "nearest"
 * ("bilinear" in torch_mimicry's networks), `init` "xavierUniform".
 *
 * `sagan.discriminator`: `width` (by default 128 at 32 pixels, 64 at the others), `outputs` 1 (logits; more make the
 * score their log sum exp), `conditional` true (projection), `activatedSkip` false (whether skips begin after a block's first
 * ReLU, as in torch_mimicry's networks), `attention`, `init` likewise.
 *
 * @throws UserError for an unknown option or one out of range, and at build for an image size without a base grid, vectors instead of
 * images, `attention` that is no map's side or finds no multiple of 8 channels there, or `conditional` with data that
 * has no classes.
 *
 * @example
 * sagan.generator({ width: 64 });
 * sagan.discriminator({ width: 64 });
 */
export const sagan = {
  generator: defineGenerator(
    "sagan",
    z.strictObject({ latent: count.default(128), width: count.optional(), conditional, attention, upsampling, init }),
    (options, context) => {
      const network = "sagan.generator";
      return new ResnetGenerator(context, network, settings(context, network, options));
    },
  ),
  discriminator: defineDiscriminator(
    "sagan",
    z.strictObject({ width: count.optional(), outputs: count.default(1), conditional, attention, activatedSkip, init }),
    (options, context) => {
      const network = "sagan.discriminator";
      return resnetDiscriminator(context, network, { ...settings(context, network, options), pooling: "sum" });
    },
  ),
};

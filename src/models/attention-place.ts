/** Where self-attention is in a network: after the layers whose maps have the side that an option names. */
import { UserError } from "../base/errors.ts";
import { type Sides, sizeInWords } from "../base/image-size.ts";
import { beginnings, type LayerStyle, SelfAttention } from "../nn/index.ts";
import type { ModelContext } from "./context.ts";

/** The place of attention among the layers of one network. */
export interface AttentionPlace {
  /** Longer side in pixels of its input maps; 0 for none. */
  readonly side: number;
  /** Spectral norm on its convolutions. */
  readonly spectralNorm: boolean;
}

/**
 * Puts attention after the layers whose maps have its side.
 * @param network - Its name in messages.
 */
export function attentionInserter(
  context: ModelContext,
  network: string,
  { side: wanted, spectralNorm }: AttentionPlace,
  style: LayerStyle,
) {
  const sides = new Set<number>();
  return {
    /**
     * The attention after layers whose output maps have the side, or none. Called once per size, after its last layer.
     *
     * @throws UserError when it stands there and does not fit the channels.
     */
    after(maps: Sides, channels: number): SelfAttention[] {
      const side = Math.max(maps.height, maps.width);
      sides.add(side);
      if (side !== wanted) return [];
      if (Math.min(maps.height, maps.width) < 2) {
        throw new UserError(
          `${network}: attention halves its maps, and those of ${sizeInWords(maps)} cannot be; take \`attention\` on larger ones, or 0`,
        );
      }
      if (channels % SelfAttention.channelStep !== 0) {
        throw new UserError(
          `${network}: attention on maps of ${sizeInWords(maps)} needs a multiple of ${SelfAttention.channelStep} channels and meets ${channels}; take another \`width\`, or \`attention\` 0`,
        );
      }
      return [new SelfAttention(context, channels, { spectralNorm, ...beginnings(style) })];
    },

    /** @throws UserError when no maps had that side. */
    requirePlaced(): void {
      if (wanted === 0 || sides.has(wanted)) return;
      throw new UserError(
        `${network}: \`attention\` (=${wanted}) must be the side of maps inside the network (${[...sides].join(", ")}), or 0 for none`,
      );
    },
  };
}

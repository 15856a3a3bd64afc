/** Where self-attention is in a network: after the layers whose maps have the side that an option names. */
import { UserError } from "../base/errors.ts";
import { beginnings, type LayerStyle, SelfAttention } from "../nn/index.ts";
import type { ModelContext } from "./context.ts";

/** The place of attention among the layers of one network. */
export interface AttentionPlace {
  /** Side in pixels of its input maps; 0 for none. */
  readonly side: number;
  /** Spectral norm on its convolutions. */
  readonly spectralNorm: boolean;
}

/** Puts attention after the layers whose maps have its side. */
export class AttentionInserter {
  readonly #context: ModelContext;
  readonly #network: string;
  readonly #place: AttentionPlace;
  readonly #style: LayerStyle;
  readonly #sides = new Set<number>();

  /** @param network - Its name in messages. */
  constructor(context: ModelContext, network: string, place: AttentionPlace, style: LayerStyle) {
    this.#context = context;
    this.#network = network;
    this.#place = place;
    this.#style = style;
  }

  /**
   * The attention after layers whose output maps have `side`, or undefined. Called once per side, after its last layer.
   *
   * @throws UserError when it stands there and does not fit the channels.
   */
  after(side: number, channels: number): SelfAttention[] {
    this.#sides.add(side);
    if (side !== this.#place.side) return [];
    if (channels % SelfAttention.channelStep !== 0) {
      throw new UserError(
        `${this.#network}: attention on maps of ${side} x ${side} needs a multiple of ${SelfAttention.channelStep} channels and meets ${channels}; take another \`width\`, or \`attention\` 0`,
      );
    }
    const { spectralNorm } = this.#place;
    return [new SelfAttention(this.#context, channels, { spectralNorm, ...beginnings(this.#style) })];
  }

  /** @throws UserError when no maps had that side. */
  requirePlaced(): void {
    const { side } = this.#place;
    if (side === 0 || this.#sides.has(side)) return;
    throw new UserError(
      `${this.#network}: \`attention\` (=${side}) must be the side of maps inside the network (${[...this.#sides].join(", ")}), or 0 for none`,
    );
  }
}

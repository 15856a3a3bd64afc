/**
 * The precision of a step's networks. With "bf16" or "fp16" the passes of G and D in training run in autocast: matrix products and
 * convolutions in half precision, what goes in and comes out float32. Losses, penalties on weights, other networks of techniques,
 * optimizers and averages are float32, and so are samples and scores, which are no passes of a step.
 */
import { UserError } from "../../base/errors.ts";
import type { DiscriminatorNetwork, DiscriminatorOutput, GeneratorNetwork } from "../../models/index.ts";
import { inFloat32 } from "../../nn/index.ts";
import { GradScaler } from "../../optim/index.ts";
import type { Recipe } from "../../recipe/index.ts";
import { PLAYERS, type Player } from "../../techniques/index.ts";
import { type AutocastType, autocast, noGrad, Tensor } from "../../tensor/index.ts";
import { mapOutput } from "./discriminator-output.ts";

const TYPES = { bf16: "bfloat16", fp16: "float16" } as const satisfies Record<string, AutocastType>;

/** Below it the scale would take from gradients what it is there to keep. */
const SMALLEST_SCALE = 2 ** -10;

/** How the passes of a recipe's networks are computed. */
export class Precision {
  readonly #type: AutocastType | undefined;
  readonly #device: string;
  #skipped = false;
  /** Each player has a scale of its own; undefined where losses are not scaled. */
  readonly scalers: Readonly<Record<Player, GradScaler>> | undefined;

  constructor({ precision = "float32", device }: Pick<Recipe, "precision" | "device">) {
    this.#type = precision === "float32" ? undefined : TYPES[precision];
    this.#device = device;
    if (precision === "fp16") this.scalers = { generator: new GradScaler(), discriminator: new GradScaler() };
  }

  /** G(z). */
  generate(generator: Pick<GeneratorNetwork, "forward">, z: Tensor, labels: Tensor | undefined): Tensor {
    if (this.#type === undefined) return generator.forward(z, labels);
    return inFloat32(autocast(this.#type, () => generator.forward(z, labels), this.#device));
  }

  /** D(x). */
  discriminate(
    discriminator: Pick<DiscriminatorNetwork, "forward">,
    images: Tensor,
    labels: Tensor | undefined,
  ): DiscriminatorOutput {
    if (this.#type === undefined) return discriminator.forward(images, labels);
    return mapOutput(
      autocast(this.#type, () => discriminator.forward(images, labels), this.#device),
      inFloat32,
    );
  }

  /** What the losses of a player are multiplied by before they are differentiated. */
  scaleOf(player: Player): number {
    return this.scalers?.[player].scale ?? 1;
  }

  /**
   * Whether the player's optimizer may take these gradients.
   * @throws UserError when they are not finite at any scale.
   */
  accepts(player: Player, gradients: readonly Tensor[]): boolean {
    const scaler = this.scalers?.[player];
    if (scaler === undefined || scaler.accept(gradients)) return true;
    this.#skipped = true;
    if (scaler.scale >= SMALLEST_SCALE) return false;
    throw new UserError(
      `precision (=fp16): the ${player}'s gradients are not finite at any loss scale down to ${SMALLEST_SCALE}, so training has diverged; precision=bf16 has a wider range`,
    );
  }

  /** A network's statistics before its update; undefined where no update is skipped. */
  statisticsOf(network: Pick<GeneratorNetwork, "namedBuffers">): ReadonlyMap<Tensor, Tensor> | undefined {
    if (this.scalers === undefined) return undefined;
    const buffers = [...network.namedBuffers().values()].filter(({ dtype }) => dtype === "float32");
    return noGrad(() => new Map(buffers.map((buffer) => [buffer, buffer.clone()])));
  }

  /** Takes what an overflow has left out of a network's statistics: a running average would keep it for good. */
  restore(statistics: ReadonlyMap<Tensor, Tensor> | undefined): void {
    noGrad(() => {
      for (const [buffer, before] of statistics ?? []) buffer.copy_(Tensor.where(buffer.isfinite(), buffer, before));
    });
  }

  /** Whether an update was skipped since the last call. */
  takeSkipped(): boolean {
    const skipped = this.#skipped;
    this.#skipped = false;
    return skipped;
  }

  /** Numbers for the log. */
  report(): Record<string, number> {
    if (this.scalers === undefined) return {};
    const { generator, discriminator } = this.scalers;
    return {
      lossScaleG: generator.scale,
      lossScaleD: discriminator.scale,
      skippedG: generator.skipped,
      skippedD: discriminator.skipped,
    };
  }

  /** What a checkpoint keeps: "<player>.<number>". */
  state(): Record<string, number> {
    return Object.fromEntries(
      PLAYERS.flatMap((player) =>
        Object.entries(this.scalers?.[player].state() ?? {}).map(([name, value]) => [`${player}.${name}`, value]),
      ),
    );
  }

  load(numbers: Readonly<Record<string, number>>): void {
    for (const player of PLAYERS) {
      const own = Object.entries(numbers).filter(([name]) => name.startsWith(`${player}.`));
      this.scalers?.[player].load(
        Object.fromEntries(own.map(([name, value]) => [name.slice(player.length + 1), value])),
      );
    }
  }
}

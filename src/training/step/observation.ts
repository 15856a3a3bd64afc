/**
 * What is kept of a step for the run's log, besides its numbers: the norms of both players' gradients, D's outputs, and
 * the generated batch that G learned from. Only sampled steps have one, so its cost is bounded by how often it is asked
 * for. It draws nothing and changes nothing: a training has the same bits with and without it.
 */
import type { Player } from "../../techniques/index.ts";
import { foreachNorm, keep, noGradScope, Tensor } from "../../tensor/index.ts";

/** What a step is asked to keep. */
export interface Wanted {
  readonly gradientNorms: boolean;
  readonly outputs: boolean;
}

/** The generated batch of G's update. */
export interface GeneratedBatch {
  /** G(z) [B, ...] before any augmentation. */
  readonly images: Tensor;
  /** D(G(z)) [B], before G's update. */
  readonly scores: Tensor;
  /** The scores, turned so that larger is more real. */
  readonly realness: Tensor;
  /** int64 [B], or conditions [B, D]; undefined where the data has neither. */
  readonly labels: Tensor | undefined;
  /** The rows that G learned from, int64 [k]; null for all. */
  readonly rows: Tensor | null;
  /** The technique that selects them; undefined where none does. */
  readonly selectedBy: string | undefined;
}

/** D's outputs in a step. They are not copied to the host before they are read. */
export interface Outputs {
  /** D(x) [B] and D(G(z)) [B] of the last update of D, before that update. */
  readonly real: Tensor;
  readonly fake: Tensor;
  readonly batch: GeneratedBatch;
}

/** The names under which the log has the norms. */
const NORM_NAMES = { discriminator: "gradNormD", generator: "gradNormG" } as const;

/** Whoever gets it must dispose it. */
export class Observation {
  readonly #wanted: Wanted;
  readonly #kept: Tensor[] = [];
  readonly #norms = new Map<Player, Tensor>();
  #scores: Pick<Outputs, "real" | "fake"> | undefined;
  #batch: GeneratedBatch | undefined;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  #keep(tensor: Tensor): Tensor {
    const kept = keep(tensor.detach());
    this.#kept.push(kept);
    return kept;
  }

  /** The gradients of an update as the optimizer gets them; their norm is kept. */
  gradients(player: Player, gradients: readonly Tensor[]): void {
    if (!this.#wanted.gradientNorms || gradients.length === 0) return;
    const norm = noGradScope(() => foreachNorm([Tensor.stack(foreachNorm(gradients))])[0]!);
    this.#norms.set(player, this.#keep(norm));
  }

  /** D(x) and D(G(z)) of an update of D. */
  discriminator(scores: () => Pick<Outputs, "real" | "fake">): void {
    if (!this.#wanted.outputs) return;
    const { real, fake } = scores();
    this.#scores = { real: this.#keep(real), fake: this.#keep(fake) };
  }

  /** The batch of an update of G. */
  generator(batch: () => GeneratedBatch): void {
    if (!this.#wanted.outputs) return;
    const { images, scores, realness, labels, rows, selectedBy } = batch();
    this.#batch = {
      images: this.#keep(images),
      scores: this.#keep(scores),
      realness: this.#keep(realness),
      labels: labels && this.#keep(labels),
      rows: rows && this.#keep(rows),
      selectedBy,
    };
  }

  /** The norms by their names in the log; empty where they were not wanted. One that is not finite is left out. */
  gradientNorms(): Record<string, number> {
    const norms = [...this.#norms].map(([player, norm]) => [NORM_NAMES[player], Number(norm.item())] as const);
    return Object.fromEntries(norms.filter(([, value]) => Number.isFinite(value)));
  }

  /** D's outputs; undefined where they were not wanted. */
  get outputs(): Outputs | undefined {
    return this.#scores && this.#batch && { ...this.#scores, batch: this.#batch };
  }

  dispose(): void {
    for (const tensor of this.#kept.splice(0)) tensor.dispose();
  }
}

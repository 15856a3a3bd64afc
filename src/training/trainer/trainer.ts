/** Trainer: what a run is made from. A recipe makes one, and so does `defineTrainer`. */
import type { DataLoader } from "../../data/index.ts";
import type { Module } from "../../nn/index.ts";
import type { PlainRecipe } from "../../recipe/index.ts";
import type { DataShape } from "../step/gan.ts";
import type { Replica } from "../step/sharding.ts";
import type { RunSettings, Trainable } from "../trainable.ts";

/** What a trainer needs to build the thing that is trained. */
export interface TrainingSite {
  readonly shape: DataShape;
  /** Absent: samples can be drawn, and nothing can be trained. */
  readonly loader?: DataLoader | undefined;
  /** The number of this worker. Default: the only one. */
  readonly replica?: Replica | undefined;
  /** Puts given weights into the new modules. */
  readonly startWith?: ((modules: Readonly<Record<string, Module>>) => void) | undefined;
}

/**
 * What a run is made from: settings, and a way to build what the loop trains. Made by `defineTrainer`, or of a recipe.
 */
export interface Trainer {
  readonly settings: RunSettings;
  /** Whether a run must name the file that defines it, because its settings do not say everything. */
  readonly needsFile: boolean;
  /**
   * The same trainer with settings changed by texts such as "batchSize=32", as `--set` takes them.
   *
   * @throws UserError naming the key, the value and what is accepted.
   */
  amended(changes: readonly string[]): Trainer;
  /** The same trainer with the settings that a run has stored. */
  restored(plain: PlainRecipe): Trainer;
  /** The same trainer on another device. */
  on(device: string): Trainer;
  /** Builds modules, optimizers and random streams. The same settings give the same weights. */
  build(site: TrainingSite): Trainable;
}

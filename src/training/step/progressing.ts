/** What a recipe's GAN and a user's trainer have in common: the training batches, and how far training is. */
import type { DataLoader } from "../../data/index.ts";
import type { Optimizer, Schedule } from "../../optim/index.ts";
import type { Progress } from "../../techniques/index.ts";

/** Something that is trained, step by step. */
export abstract class Progressing {
  abstract readonly optimizers: Readonly<Record<string, Optimizer>>;
  /** A recipe, or the settings of a trainer. */
  abstract readonly recipe: { readonly batchSize: number; readonly discriminatorSteps?: number };
  readonly #loader: DataLoader | undefined;
  #progress: Progress = { step: 0, epoch: 0, images: 0 };
  #used: Readonly<Record<string, number>> = {};

  /** @param loader - The training batches; without them it can be sampled from but not trained. */
  constructor(loader: DataLoader | undefined) {
    this.#loader = loader;
  }

  /**
   * The training batches.
   * @throws when it was built without.
   */
  get loader(): DataLoader {
    if (this.#loader === undefined) throw new Error("this was built without data: it can only be sampled from");
    return this.#loader;
  }

  /** As at the start of the present step: it does not change while D's updates draw batches. */
  get progress(): Progress {
    return this.#progress;
  }

  /** Steps done: updates of G. */
  get step(): number {
    return this.#progress.step;
  }

  /** Sets the number of steps done, and with it all numbers of optimizers that follow a schedule. The loader knows the epochs. */
  reach(step: number): void {
    const { batchSize, discriminatorSteps = 1 } = this.recipe;
    this.#progress = { step, epoch: this.#loader?.epoch ?? 0, images: step * discriminatorSteps * batchSize };
    this.#used = Object.fromEntries(
      Object.entries(this.optimizers).flatMap(([name, optimizer]) =>
        Object.entries(optimizer.scheduledNumbers()).map(([number, value]) => [`${number}${suffixOf(name)}`, value]),
      ),
    );
    for (const optimizer of Object.values(this.optimizers)) optimizer.follow(this.#progress);
  }

  /** The optimizers' numbers that follow a schedule, as the last step had them, for the log: `lrG`, `beta2D`. */
  protected get scheduledNumbers(): Readonly<Record<string, number>> {
    return this.#used;
  }

  /** Sets the learning rates of the next step. */
  applySchedule(schedule: Schedule | undefined): void {
    const factor = schedule?.factor(this.step) ?? 1;
    for (const optimizer of Object.values(this.optimizers)) optimizer.lr = optimizer.baseLr * factor;
  }
}

/** The end of a number's name in the log: G, D, or the name of a trainer's optimizer with a capital. */
function suffixOf(optimizer: string): string {
  if (optimizer === "generator" || optimizer === "discriminator") return optimizer[0]!.toUpperCase();
  return `${optimizer[0]!.toUpperCase()}${optimizer.slice(1)}`;
}

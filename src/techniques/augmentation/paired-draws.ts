/** The same augmentation for both images of a pair: row i of the real images and row i of the generated ones. */

/**
 * Draws of an update, which the second of its two batches takes over from the first. In D's update the real batch comes first,
 * in G's the generated one.
 */
export class PairedDraws<T> {
  #waiting: { readonly of: "real" | "fake"; readonly count: number; readonly draws: T } | undefined;

  /** The draws of a batch: those of the other kind's batch of as many images, if one waits for them, or new ones. */
  for(of: "real" | "fake", count: number, draw: () => T): T {
    const waiting = this.#waiting;
    if (waiting !== undefined && waiting.of !== of && waiting.count === count) {
      this.#waiting = undefined;
      return waiting.draws;
    }
    const draws = draw();
    this.#waiting = { of, count, draws };
    return draws;
  }

  /** At the end of an update: draws that no batch took are forgotten. */
  forget(): void {
    this.#waiting = undefined;
  }
}

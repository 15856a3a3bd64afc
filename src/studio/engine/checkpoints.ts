/** The checkpoint that was drawn from last stays open: sliders ask for the same one again and again. */
import { openCheckpoint } from "../../training/index.ts";
import type { Task } from "./messages.ts";

/** An opened checkpoint: the networks, and the step. */
export type Opened = Awaited<ReturnType<typeof openCheckpoint>> & { readonly path: string };

/** Opens checkpoints, one at a time. */
export class Checkpoints {
  #key = "";
  #opened: Opened | undefined;

  /**
   * Calls `draw` with the checkpoint of a task.
   * @throws UserError when there is none.
   */
  async use<T>(
    { path, step, stamp }: Pick<Task, "path" | "step" | "stamp">,
    draw: (opened: Opened) => T | Promise<T>,
  ): Promise<T> {
    const key = `${path}\n${step}\n${stamp}`;
    if (key !== this.#key || this.#opened === undefined) {
      this.#key = "";
      this.#opened?.trained.dispose();
      this.#opened = undefined;
      this.#opened = { ...(await openCheckpoint(path, String(step))), path };
      this.#key = key;
    }
    return draw(this.#opened);
  }
}

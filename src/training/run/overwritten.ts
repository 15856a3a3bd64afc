/**
 * The run that `--overwrite` replaces: where it waits until the new run begins, and how it comes back.
 *
 * Its files are moved one by one, so a process can be killed in between. What is moved is in `.overwriting` until all of it is,
 * and then the folder gets the name `.overwritten`; it comes back in the opposite order. So `.overwritten` is always
 * whole, and while `.overwriting` exists, the other files of a run next to it belong to the same run.
 */
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { fileError } from "../../base/file-error.ts";
import { namesIn, temporaryName } from "../../formats/index.ts";

const WHOLE = ".overwritten";
const MOVING = ".overwriting";

/** Names in a run's folder that belong to a run which is being replaced. */
export const overwrittenNames: readonly string[] = [WHOLE, MOVING];

/** Whether a path is a folder. A link is none: what it leads to belongs to no run. */
function isFolder(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isDirectory()) return stats !== undefined;
  throw new UserError(`${path} is no folder, but a run that is replaced waits there; remove it`);
}

/** Whether a file is the recipe.json of a run. One that was changed by hand still is. */
function describesRun(file: string): boolean {
  try {
    const { format, recipe, hash } = JSON.parse(readFileSync(file, "utf8"));
    return typeof format === "number" && typeof recipe === "object" && recipe !== null && typeof hash === "string";
  } catch {
    return false;
  }
}

/** The run in a folder that is replaced by another one there. */
export class OverwrittenRun {
  readonly #path: string;
  readonly #whole: string;
  readonly #moving: string;
  readonly #ownNames: () => string[];

  /** @param ownNames - the names in the folder that belong to a run. */
  constructor(path: string, ownNames: () => string[]) {
    this.#path = path;
    this.#whole = join(path, WHOLE);
    this.#moving = join(path, MOVING);
    this.#ownNames = ownNames;
  }

  /** Whether the folder holds a run, in its place or aside. Another program's recipe.json makes none. */
  holdsRun(): boolean {
    return [this.#path, this.#whole, this.#moving].some((folder) => describesRun(join(folder, "recipe.json")));
  }

  /** Moves the run aside. What lies next to a run that is aside already has never begun, and is removed. */
  setAside(): void {
    this.#changing(() => {
      if (isFolder(this.#whole)) return this.#removeOwn();
      if (!isFolder(this.#moving)) mkdirSync(this.#moving);
      for (const name of this.#ownNames()) renameSync(join(this.#path, name), join(this.#moving, name));
      renameSync(this.#moving, this.#whole);
    });
  }

  /** Puts the run back in its place, and removes what was there. Returns whether there was one. */
  putBack(): boolean {
    return this.#changing(() => {
      if (isFolder(this.#whole)) {
        this.#removeOwn();
        renameSync(this.#whole, this.#moving);
      }
      if (!isFolder(this.#moving)) return false;
      for (const name of namesIn(this.#moving)) renameSync(join(this.#moving, name), join(this.#path, name));
      rmdirSync(this.#moving);
      return true;
    });
  }

  /** Whether a process was killed while it moved the run: some of it, or all, is not in its place. */
  isStranded(): boolean {
    return isFolder(this.#moving) || (isFolder(this.#whole) && !existsSync(join(this.#path, "recipe.json")));
  }

  /** Removes the run for good. A part of one never has its name. */
  forget(): void {
    this.#changing(() => {
      if (!isFolder(this.#whole)) return;
      const removed = temporaryName(this.#whole);
      renameSync(this.#whole, removed);
      rmSync(removed, { recursive: true, force: true });
    });
  }

  #removeOwn(): void {
    for (const name of this.#ownNames()) rmSync(join(this.#path, name), { recursive: true, force: true });
  }

  #changing<T>(change: () => T): T {
    try {
      return change();
    } catch (error) {
      throw error instanceof UserError ? error : fileError(error, "write", this.#path);
    }
  }
}

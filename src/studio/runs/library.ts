/** The runs below a folder: found, followed, and forgotten when they are removed. */
import { lstatSync, readdirSync, realpathSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { Changes } from "../api.ts";
import { FollowedRun } from "./followed-run.ts";

/** Folders below the studio's in which runs are looked for. */
const DEEPEST = 4;
/** More runs than this are not shown. */
const MOST_RUNS = 1_000;
/** Folders that are looked at, at most. */
const MOST_FOLDERS = 20_000;
/** Runs whose curves stay in memory. */
const MOST_USED = 24;
/** Milliseconds between two looks at the runs, and between two searches for new ones. */
const LOOK = 700;
const SEARCH = 3_000;

/** Follows the runs of one folder while somebody listens. */
export class Library {
  /** The folder without links. */
  readonly folder: string;
  /** Whether there are more runs than are shown. */
  more = false;
  readonly #runs = new Map<string, FollowedRun>();
  readonly #listeners = new Set<(changes: Changes) => void>();
  /** The runs whose whole log is in memory, thinned; the last used last. */
  readonly #used = new Set<FollowedRun>();
  #searched = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(folder: string) {
    this.folder = realpathSync(folder);
  }

  /** All runs, as they are now. */
  async runs(): Promise<readonly FollowedRun[]> {
    await this.refresh();
    return [...this.#runs.values()];
  }

  /** A run by its id, as it is now. An id that is not in the list is no path. */
  async run(id: string): Promise<FollowedRun | undefined> {
    if (!this.#runs.has(id)) {
      await this.#refreshing;
      // A new run is found at once, but a page that asks for one that is gone does not search without end.
      await this.refresh(performance.now() - this.#searched > LOOK);
    }
    const run = this.#runs.get(id);
    if (run !== undefined) await run.refresh();
    return run;
  }

  /** Notes that the whole log of a run is used; what was not used for long is freed. */
  used(run: FollowedRun): void {
    this.#used.delete(run);
    this.#used.add(run);
    const [oldest] = this.#used;
    if (this.#used.size <= MOST_USED || oldest === undefined) return;
    oldest.forget();
    this.#used.delete(oldest);
  }

  /** Calls `listener` with every change until the returned function is called. */
  listen(listener: (changes: Changes) => void): () => void {
    this.#listeners.add(listener);
    this.#schedule();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) clearTimeout(this.#timer);
      if (this.#listeners.size === 0) this.#timer = undefined;
    };
  }

  /** Reads what has changed in all runs, and tells the listeners. */
  refresh(search = false): Promise<void> {
    this.#refreshing ??= this.#look(search).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(async () => {
      await this.refresh().catch(() => undefined);
      this.#timer = undefined;
      if (this.#listeners.size > 0) this.#schedule();
    }, LOOK);
    this.#timer.unref();
  }

  async #look(search: boolean): Promise<void> {
    const removed: string[] = [];
    if (search || performance.now() - this.#searched >= SEARCH) {
      const found = this.#search();
      for (const [id, run] of this.#runs) {
        if (found.has(id)) continue;
        this.#runs.delete(id);
        this.#used.delete(run);
        removed.push(id);
      }
      for (const [id, path] of found) if (!this.#runs.has(id)) this.#runs.set(id, new FollowedRun(id, path));
      this.#searched = performance.now();
    }
    const changed: FollowedRun[] = [];
    for (const run of this.#runs.values()) if (await run.refresh()) changed.push(run);
    if (changed.length === 0 && removed.length === 0) return;
    const changes = { runs: changed.map((run) => run.summary()), removed };
    for (const listener of this.#listeners) listener(changes);
  }

  /** The run folders by id. Links are not followed, so nothing outside of the folder is found. */
  #search(): Map<string, string> {
    const found = new Map<string, string>();
    let looked = 0;
    this.more = false;
    const queue: [path: string, depth: number][] = [[this.folder, 0]];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [path, depth] = next;
      if (isRun(path)) {
        if (found.size < MOST_RUNS) found.set(idOf(this.folder, path), path);
        else this.more = true;
        continue;
      }
      if (depth === DEEPEST || looked++ > MOST_FOLDERS) continue;
      for (const name of foldersIn(path)) queue.push([join(path, name), depth + 1]);
    }
    return found;
  }
}

const idOf = (folder: string, path: string): string => relative(folder, path).split(sep).join("/") || ".";

function isRun(path: string): boolean {
  try {
    return lstatSync(join(path, "recipe.json")).isFile();
  } catch {
    return false;
  }
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
      .map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
}

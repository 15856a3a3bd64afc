/**
 * Files and folders that are written piece by piece under a temporary name, and get their own name when they are whole.
 *
 * Whatever ends the program before that (an error, a signal that a handler turned into `process.exit`) removes what was
 * written. Only what the system kills at once stays, under its temporary name.
 */
import { closeSync, existsSync, fsyncSync, lstatSync, mkdirSync, openSync, readdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolders } from "../../scripts/setup/index.js";
import { UserError } from "../base/errors.ts";
import { fileError } from "../base/file-error.ts";
import { flushFolder, removeIfPossible, temporaryName } from "./atomic.ts";

/** What a file and a folder have in common: the temporary name, and its end. */
abstract class Unfinished {
  readonly path: string;
  readonly temporary: string;
  readonly #remove = (): void => removeIfPossible(this.temporary);

  constructor(path: string) {
    this.path = path;
    this.temporary = temporaryName(path);
    process.on("exit", this.#remove);
  }

  /**
   * Gives what was written its name.
   * @throws UserError when the file system refuses; what was written is removed.
   */
  finish(): void {
    try {
      this.complete();
      renameSync(this.temporary, this.path);
    } catch (error) {
      this.abandon();
      throw fileError(error, "write", this.path);
    }
    process.off("exit", this.#remove);
    flushFolder(dirname(this.path));
  }

  /** Removes what was written. Does nothing after {@link finish}. */
  abandon(): void {
    this.close();
    this.#remove();
    process.off("exit", this.#remove);
  }

  /** Makes the parts that are still in memory durable. */
  protected abstract complete(): void;
  protected abstract close(): void;
}

/**
 * A file that is written piece by piece. An older file at the path stays as it is until `finish()`.
 *
 * @throws UserError when the file cannot be made.
 *
 * @example
 * const file = new UnfinishedFile("samples.npz");
 * writeSync(file.descriptor, bytes);
 * file.finish();
 */
export class UnfinishedFile extends Unfinished {
  readonly descriptor: number;
  #open = true;

  constructor(path: string) {
    super(path);
    try {
      makeFolders(dirname(path));
      if (existsSync(path) && lstatSync(path).isDirectory()) {
        throw new UserError(`cannot write ${path}: it is a folder, not a file`);
      }
      this.descriptor = openSync(this.temporary, "wx");
    } catch (error) {
      this.#open = false;
      this.abandon();
      throw fileError(error, "write", path);
    }
  }

  protected override complete(): void {
    fsyncSync(this.descriptor);
    this.close();
  }

  protected override close(): void {
    if (this.#open) closeSync(this.descriptor);
    this.#open = false;
  }
}

/**
 * A folder that is filled under its `temporary` name.
 *
 * @throws UserError when there is something at the path already that is not an empty folder, or it cannot be made.
 *
 * @example
 * const folder = new UnfinishedFolder("samples");
 * writeFileSync(join(folder.temporary, "0.png"), png);
 * folder.finish();
 */
export class UnfinishedFolder extends Unfinished {
  constructor(path: string) {
    super(path);
    try {
      if (existsSync(path) && !(lstatSync(path).isDirectory() && readdirSync(path).length === 0)) {
        throw new UserError(`${path} exists and is not an empty folder; give another`);
      }
      makeFolders(dirname(path));
      mkdirSync(this.temporary);
    } catch (error) {
      this.abandon();
      throw fileError(error, "write", path);
    }
  }

  protected override complete(): void {
    flushFolder(this.temporary);
  }

  protected override close(): void {}
}

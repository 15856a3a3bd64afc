/** Locks between processes, with the same lock files that set-up uses. */
import { lockHolder, takeLock as take } from "../../scripts/setup/index.js";
import { fileError } from "../base/file-error.ts";

/**
 * Takes the lock `path`, so that one process at a time works on the thing that it guards. A holder that died loses its
 * lock.
 *
 * @returns the function that releases the lock, or an object that says who holds it instead
 * @throws UserError when the file system refuses.
 *
 * @example
 * const lock = takeLock("runs/a/running.json");
 * if (typeof lock !== "function") throw new UserError(`process ${lock.holder?.pid} has it`);
 */
export function takeLock(path: string): ReturnType<typeof take> {
  try {
    return take(path);
  } catch (error) {
    throw fileError(error, "write", path);
  }
}

/** Who holds a lock, without taking it. */
export { lockHolder };

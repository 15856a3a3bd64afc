/** One process at a time trains a run; a killed run can be resumed without cleaning up by hand. */
import { UserError } from "../../base/errors.ts";
import { takeLock } from "../../formats/index.ts";

/**
 * Locks `run` with the file `path`. The returned function unlocks it.
 *
 * @throws UserError when another living process holds the lock, or this one does already.
 */
export function lockRun(path: string, run: string): () => void {
  const lock = takeLock(path);
  if (typeof lock === "function") return lock;
  if (lock.holder === undefined) throw new UserError(`${run} is being taken up by another process; try again`);
  const { pid, host, isHere } = lock.holder;
  const where = isHere ? "" : ` on ${host} (if that has ended, remove ${path})`;
  throw new UserError(`${run} is being trained by process ${pid}${where}; wait for it or stop it`);
}

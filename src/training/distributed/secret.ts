/**
 * The secret of workers that find one another through a port: each shows that it knows it before anything is read of it.
 *
 * It is `GANTRY_SECRET`, the same text in the environment of every worker. Without that it is in a file of the user, made at
 * the first use: so the machines of a cluster that share the home folder, and the processes of one machine, need no
 * set-up.
 */
import { randomBytes } from "node:crypto";
import { linkSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { makeFolder, readBytes, temporaryName, writeFileAtomic } from "../../formats/index.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** A shorter text could be guessed. */
const SHORTEST = 16;

/** Where the secret is that no variable gives. */
function fileOf(env: Variables): string {
  const named = env.XDG_STATE_HOME ?? "";
  return join(isAbsolute(named) ? named : join(homedir(), ".local", "state"), "gantry", "secret");
}

/** Makes the file, unless another process has made it meanwhile: its secret counts then. */
function make(file: string): void {
  makeFolder(dirname(file));
  const own = temporaryName(file);
  const before = process.umask(0o077);
  try {
    writeFileAtomic(own, [`${randomBytes(32).toString("hex")}\n`]);
    linkSync(own, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    process.umask(before);
    rmSync(own, { force: true });
  }
}

/**
 * The secret of this worker.
 *
 * @throws UserError when the variable is too short, or the file cannot be made, or others than this user can read it.
 */
export function workerSecret(env: Variables): string {
  const given = env.GANTRY_SECRET ?? "";
  if (given !== "") {
    if (given.length >= SHORTEST) return given;
    throw new UserError(
      `the environment variable GANTRY_SECRET has ${given.length} characters; give at least ${SHORTEST}, the same on every machine`,
    );
  }
  const file = fileOf(env);
  try {
    if (statSync(file, { throwIfNoEntry: false }) === undefined) make(file);
    if ((statSync(file).mode & 0o077) !== 0)
      throw new UserError(`${file} can be read by others than its user, so it is no secret; run chmod 600 on it`);
    return readBytes(file, 4096).toString("utf8").trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `workers that connect through a port need a secret: set GANTRY_SECRET, or make ${file} usable: ${reason}`,
      { cause: error },
    );
  }
}

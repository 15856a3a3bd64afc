/** Files of a run. Their names are made of numbers that were checked; a link that leads out of the folder is refused. */
import { constants } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { sep } from "node:path";
import { RequestError } from "./body.ts";

const LARGEST_FILE = 64 << 20;

/**
 * The bytes of a file that lies inside `folder`.
 * @throws RequestError when it is not there, lies elsewhere, or is too large.
 */
export async function readInside(folder: string, path: string): Promise<Buffer> {
  let file: FileHandle | undefined;
  try {
    const real = await realpath(path);
    if (!real.startsWith(`${folder}${sep}`))
      throw new RequestError(403, "this file lies outside of the studio's folder");
    // A pipe is opened without waiting for its other end.
    file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > LARGEST_FILE)
      throw new RequestError(403, "this is no file that the studio shows");
    return await file.readFile();
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(404, "there is no such file any more");
  } finally {
    await file?.close();
  }
}

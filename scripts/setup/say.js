/** Messages of set-up: progress on stderr (stdout belongs to the command that was asked for), and its errors. */

/** A failure of set-up that a user can act on: one message, to be shown without a stack trace. */
export class SetupError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "SetupError";
  }
}

/**
 * Writes one line of progress to stderr.
 * @param {string} text
 */
export function say(text) {
  process.stderr.write(`gantry: ${text}\n`);
}

/**
 * Whether the folder that the program was started in is gone: nothing relative to it can be found.
 * @param {unknown} error
 */
function isFolderGone(error) {
  return error instanceof Error && "syscall" in error && error.syscall === "uv_cwd";
}

/**
 * Runs the body of a script: a SetupError ends it with its message and exit code 1, a defect keeps its stack trace.
 * @param {() => void | Promise<void>} body
 */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    if (error instanceof SetupError) say(error.message);
    else if (isFolderGone(error)) say("the current folder has been deleted; change to another one and try again");
    else throw error;
    process.exitCode = 1;
  }
}

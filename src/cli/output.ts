/**
 * Output that goes away while a command works: a reader that ended (`gantry ... | head`), a closed terminal, a full disk.
 * None of them ends the work, because a training that is still writing its run folder is worth more than its lines.
 */
import { closeSync } from "node:fs";
import { exitCodes } from "./errors.ts";

/** Errors of output that nobody waits for any more: its reader or its terminal is gone. */
const GONE = ["EPIPE", "EIO", "EBADF"];

/**
 * Keeps the process alive when standard output or standard error cannot be written. Where output was lost that somebody
 * may still want (a file on a full disk), a command that would end with 0 says so and ends with 1.
 */
export function outliveOutput(): void {
  let lost: NodeJS.ErrnoException | undefined;
  let terminalGone = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      terminalGone ||= error.code === "EIO";
      if (stream === process.stdout && !GONE.includes(error.code ?? "")) lost ??= error;
    });
  }
  process.on("exit", (code) => {
    if (lost !== undefined && code === exitCodes.success) {
      process.exitCode = exitCodes.failure;
      process.stderr.write(
        `gantry: standard output cannot be written (${lost.message}); what it holds is incomplete\n`,
      );
    }
    // Node restores the settings of each terminal at its end, and aborts the process where the terminal refuses.
    if (terminalGone) for (const descriptor of [0, 1, 2]) close(descriptor);
  });
}

function close(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // Closed already.
  }
}

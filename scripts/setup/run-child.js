/** Runs the program that a script was called for, and ends as it ends. */
import { spawn } from "node:child_process";
import { constants } from "node:os";

/** A second SIGINT within this many milliseconds is the same key press, arriving by another way. */
const samePress = 500;

/**
 * Runs Node on a script with arguments, passes signals on, and sets this process's exit code to the child's.
 *
 * Ctrl-C reaches every process of the terminal's foreground group, and npm passes it on once more. A program that saves
 * on the first and gives up on the second must see one: so the child gets a group of its own, and one signal from here.
 * @param {readonly string[]} args the script and its arguments
 * @param {{ cwd: string }} options
 * @returns {Promise<void>}
 */
export function runChild(args, { cwd }) {
  const child = spawn(process.execPath, args, { cwd, stdio: "inherit", detached: true });
  let lastInterrupt = Number.NEGATIVE_INFINITY;
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  for (const signal of signals) {
    process.on(signal, () => {
      const now = performance.now();
      const repeated = signal === "SIGINT" && now - lastInterrupt < samePress;
      if (signal === "SIGINT") lastInterrupt = now;
      if (!repeated) child.kill(signal);
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      // A shell's convention for a process that a signal ended.
      process.exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0);
      resolve();
    });
  });
}

/**
 * For helper processes of set-up: the programs that they run end together with the process that started them, even if it
 * was killed. Otherwise they would still be writing to the same files when the next set-up begins.
 */
import { spawn } from "node:child_process";

const parent = process.ppid;
/** @type {Map<number, NodeJS.Signals>} */
const running = new Map();

/**
 * Runs a program whose messages go where `output` says, and gives its exit code. It gets a process group of its own,
 * because a compiler or npm is a driver with children, and all of them must end together.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.WriteStream} output
 * @param {NodeJS.Signals} endWith the signal that ends it early
 * @returns {Promise<number>}
 */
export function runFollowing(program, args, output, endWith) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["ignore", output, output], detached: true });
    if (child.pid) running.set(child.pid, endWith);
    child.on("error", (error) => {
      output.write(`${program}: ${error.message}\n`);
      resolve(1);
    });
    child.on("close", (code) => {
      if (child.pid) running.delete(child.pid);
      resolve(code ?? 1);
    });
  });
}

/** Ends every program that {@link runFollowing} started, and this process. */
export function stop() {
  for (const [pid, signal] of running) {
    try {
      process.kill(-pid, signal);
    } catch {
      // It ended by itself in this moment.
    }
  }
  process.exit(1);
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, stop);
setInterval(() => {
  if (process.ppid !== parent) stop();
}, 100).unref();

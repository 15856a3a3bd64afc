/** One side of a comparison: a process that runs steps on request, and its memory. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

const MIB = 1024;

/** A process that speaks the protocol of `worker.ts` and `peer/run.py`: one line of JSON for one line of orders. */
export class Side {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #answers: AsyncIterator<string>;
  #errors = "";

  constructor(command: string, args: readonly string[], environment: Readonly<Record<string, string>>) {
    this.#process = spawn(command, args, {
      env: { ...process.env, ...environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    // A process that died is noticed by its missing answer.
    this.#process.stdin.on("error", () => {});
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** The next line of the process. Throws with what it wrote on stderr when it ended instead. */
  async answer<T>(): Promise<T> {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`a process of the benchmark ended:\n${this.#errors.trimEnd()}`);
    return JSON.parse(value) as T;
  }

  /** Milliseconds a step, `count` times the mean over `each` steps. */
  async run(count: number, each: number): Promise<number[]> {
    return this.ask(`run ${count} ${each}`);
  }

  /** Sends a line and waits for its answer. */
  async ask<T>(order: string): Promise<T> {
    this.#process.stdin.write(`${order}\n`);
    return this.answer();
  }

  /**
   * The most anonymous memory so far, in MiB: the peak of all resident memory less the files that are mapped now.
   * Undefined where the system does not tell.
   */
  peakMemory(): number | undefined {
    try {
      const status = readFileSync(`/proc/${this.#process.pid}/status`, "utf8");
      const kilobytes = (key: string) => Number(new RegExp(`^${key}:\\s*(\\d+) kB`, "m").exec(status)?.[1]);
      const peak = (kilobytes("VmHWM") - kilobytes("RssFile") - kilobytes("RssShmem")) / MIB;
      return Number.isFinite(peak) ? peak : undefined;
    } catch {
      return undefined;
    }
  }

  /** Ends the process. */
  close(): void {
    this.#process.stdin.end();
    this.#process.kill();
  }
}

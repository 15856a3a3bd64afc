/**
 * Drawing samples and diagnosing runs in a process of its own: the studio stays able to answer, and training keeps its
 * cores. The process is started by the first task, has one thread and a low priority, takes one task at a time, and ends
 * when it is idle.
 */
import { type ChildProcess, fork } from "node:child_process";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import type { Diagnosis } from "../../diagnosis/index.ts";
import { RequestError } from "../http/body.ts";
import type { Answer, DiagnosisTask, Drawn, Task } from "./messages.ts";

/** Tasks that may wait. */
const MOST_WAITING = 8;
/** Milliseconds after which a task is given up. */
const LONGEST_TASK = 180_000;
/** Milliseconds without a task after which the process ends. */
const IDLE = 120_000;
const NICENESS = 10;

/** A task that waits or is being worked on. */
interface Job {
  readonly id: number;
  readonly task: Task | DiagnosisTask;
  resolve(result: Drawn | Diagnosis): void;
  reject(error: Error): void;
}

/** The process and its queue. */
export class EngineProcess {
  #child: ChildProcess | undefined;
  #waiting: Job[] = [];
  #current: Job | undefined;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Works on a task after those that came before. An aborted one that still waits is left out.
   * @throws RequestError when too many tasks wait or the task fails for a reason that a user can act on.
   */
  run(task: Task, signal: AbortSignal): Promise<Drawn>;
  run(task: DiagnosisTask, signal: AbortSignal): Promise<Diagnosis>;
  run(task: Task | DiagnosisTask, signal: AbortSignal): Promise<Drawn | Diagnosis> {
    if (this.#waiting.length >= MOST_WAITING) {
      throw new RequestError(503, `${MOST_WAITING} requests are waiting already; try again in a moment`);
    }
    return new Promise((resolve, reject) => {
      const job: Job = { id: this.#next++, task, resolve, reject };
      this.#waiting.push(job);
      signal.addEventListener("abort", () => {
        this.#waiting = this.#waiting.filter((other) => other !== job);
        reject(new RequestError(499, "the page does not wait any more"));
      });
      this.#work();
    });
  }

  /** Ends the process. */
  close(): void {
    clearTimeout(this.#timer);
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  #work(): void {
    if (this.#current !== undefined) return;
    const job = this.#waiting.shift();
    clearTimeout(this.#timer);
    if (job === undefined) {
      this.#timer = setTimeout(() => this.close(), IDLE);
      this.#timer.unref();
      return;
    }
    this.#current = job;
    this.#child ??= this.#start();
    this.#child.send({ id: job.id, ...job.task });
    this.#timer = setTimeout(() => {
      this.#settle(() => job.reject(new RequestError(504, `this took more than ${LONGEST_TASK / 1000} seconds`)));
      this.close();
    }, LONGEST_TASK);
  }

  #start(): ChildProcess {
    // From the TypeScript sources (tests) the process registers the loader that reads recipes.
    const fromSources = import.meta.url.endsWith(".ts");
    const file = fileURLToPath(new URL(fromSources ? "./main.ts" : "./main.js", import.meta.url));
    const child = fork(file, [], {
      execArgv: fromSources ? ["--import", import.meta.resolve("jiti/register")] : [],
      env: { ...process.env, OMP_NUM_THREADS: "1" },
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    try {
      setPriority(child.pid!, NICENESS);
    } catch {
      // The system does not allow it: it has one thread all the same.
    }
    child.on("message", (answer: Answer) => this.#answer(answer));
    child.on("exit", (code, signal) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      const job = this.#current;
      const error = new RequestError(500, `the drawing process has ended (${signal ?? `code ${code}`})`);
      if (job !== undefined) this.#settle(() => job.reject(error));
    });
    child.on("error", () => undefined);
    return child;
  }

  #answer(answer: Answer): void {
    const job = this.#current;
    if (job === undefined || job.id !== answer.id) return;
    this.#settle(() => {
      if ("result" in answer) job.resolve(answer.result);
      else job.reject(new RequestError(answer.forUser ? 400 : 500, answer.error));
    });
  }

  #settle(finish: () => void): void {
    clearTimeout(this.#timer);
    this.#current = undefined;
    finish();
    this.#work();
  }
}

/** Waiting for an idle machine: a busy core makes threads that wait for each other many times slower. */
import { cpus } from "node:os";
import { setTimeout } from "node:timers/promises";

const WINDOW_MS = 200;
const IDLE_SHARE = 0.9;

/** Returns when the processor has been idle for a moment, or after `patience` milliseconds of waiting in vain. */
export async function untilIdle(patience: number): Promise<void> {
  const deadline = performance.now() + patience;
  do {
    const before = spent();
    await setTimeout(WINDOW_MS);
    const after = spent();
    if (after.idle - before.idle >= IDLE_SHARE * (after.all - before.all)) return;
  } while (performance.now() < deadline);
}

function spent(): { idle: number; all: number } {
  let idle = 0;
  let all = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.idle + times.user + times.nice + times.sys + times.irq;
  }
  return { idle, all };
}

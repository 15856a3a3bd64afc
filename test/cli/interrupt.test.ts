/** The first signal asks, the second ends. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { watchInterrupts } from "../../src/cli/interrupt.ts";

describe("watchInterrupts", () => {
  afterEach(() => vi.restoreAllMocks());

  it("announces and aborts at the first signal, and exits at the second", () => {
    const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
    const announce = vi.fn();
    const interrupt = watchInterrupts(announce);
    expect(interrupt.exitCode()).toBe(0);
    process.emit("SIGINT");
    expect(announce).toHaveBeenCalledTimes(1);
    expect(interrupt.signal.aborted).toBe(true);
    expect(interrupt.exitCode()).toBe(130);
    expect(exit).not.toHaveBeenCalled();
    process.emit("SIGINT");
    expect(exit).toHaveBeenCalledWith(130);
    interrupt.dispose();
  });

  it("takes SIGTERM as a first Ctrl-C with its own code, and stops watching when disposed", () => {
    const before = process.listenerCount("SIGTERM");
    const interrupt = watchInterrupts(() => undefined);
    process.emit("SIGTERM");
    expect(interrupt.exitCode()).toBe(143);
    interrupt.dispose();
    expect(process.listenerCount("SIGTERM")).toBe(before);
  });
});

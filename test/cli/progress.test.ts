/** The progress line: its numbers, the time that is left, and how a terminal sees it. */
import { describe, expect, it } from "vitest";
import { clock, duration, progressLine, Remaining, StatusLine } from "../../src/cli/progress.ts";
import { SweepProgress } from "../../src/cli/sweep-progress.ts";
import type { GridRun } from "../../src/experiments/index.ts";
import { Screen } from "./screen.ts";

const tick = { step: 120, lossD: 1.234, lossG: -0.5, dReal: 0.71, dFake: 0.3, k: 58, imagesPerSecond: 1240.4 };

/** What a terminal of 80 columns shows after `text`. */
function screen(text: string): string[] {
  const terminal = new Screen(80);
  terminal.write(text);
  return terminal.lines;
}

function recorder(isTTY: boolean, columns = 80) {
  let text = "";
  const write = (more: string) => {
    text += more;
  };
  const stream = { isTTY, columns, write };
  return { stream, text: () => text };
}

describe("times", () => {
  it("are read like a clock", () => {
    expect([0, 59.6, 83, 3600, 3723.4, Number.NaN].map(clock)).toEqual([
      "0:00",
      "1:00",
      "1:23",
      "1:00:00",
      "1:02:03",
      "--:--",
    ]);
    expect([1.24, 12.4, 232, 7380].map(duration)).toEqual(["1.2 s", "12 s", "3 min 52 s", "2 h 3 min"]);
  });

  it("are estimated from the recent speed", () => {
    const remaining = new Remaining();
    expect(remaining.update(1, 1000, 100)).toBeNaN();
    // A second per step, after a first step that took 100 seconds.
    let left = Number.NaN;
    for (let step = 2; step <= 40; step++) left = remaining.update(step, 1000, 99 + step);
    expect(left).toBeCloseTo(960, 6);
  });
});

describe("progressLine", () => {
  it("shows no name of the event in a line of a sweep", () => {
    const progress = new SweepProgress(1);
    const run = { name: "a" } as GridRun;
    progress.start(run, "seed 0", true, 0);
    progress.take(run, { event: "begin", from: 0, to: 200 }, 0);
    progress.take(run, { event: "tick", ...tick }, 1);
    expect(progress.lines(200, 1)[1]).toBe(
      "  seed 0  120/200  D 1.23  G -0.50  D(real) 0.71  D(fake) 0.30  k 58  1240 img/s  ETA 0:01",
    );
  });

  it("closes up, then leaves out the speed, where columns are few", () => {
    const long = { ...tick, step: 12_000 };
    expect(progressLine({ ...long, lrG: 2e-4 }, 20_000, 5000, 200)).toContain("lrG 2.0e-4");
    const widths = [200, 80, 76].map((columns) => progressLine(long, 20_000, 5000, columns));
    expect(widths[0]).toContain("D 1.23  G -0.50");
    expect(widths[1]).toBe("12000/20000 D 1.23 G -0.50 D(real) 0.71 D(fake) 0.30 k 58 1240 img/s ETA 1:23:20");
    expect(widths[1]).toHaveLength(80);
    expect(widths[2]).toBe("12000/20000 D 1.23 G -0.50 D(real) 0.71 D(fake) 0.30 k 58 ETA 1:23:20");
  });

  it("names its subject", () => {
    const line = progressLine(tick, 2000, 83);
    expect(line).toBe(" 120/2000  D 1.23  G -0.50  D(real) 0.71  D(fake) 0.30  k 58  1240 img/s  ETA 1:23");
    expect(progressLine({ ...tick, k: undefined }, 2000, 83)).not.toContain("k ");
    expect(progressLine({ ...tick, lossD: Number.NaN, lossG: 1e9 }, 2000, 83)).toContain("D NaN  G 1.0e+9");
  });
});

describe("StatusLine", () => {
  it("redraws in place on a terminal and keeps lasting lines above", () => {
    const { stream, text } = recorder(true);
    const status = new StatusLine(stream, true);
    status.update("a long first line");
    status.update("short");
    expect(screen(text())).toEqual(["short"]);
    status.print("a note");
    status.update("third");
    expect(screen(text())).toEqual(["a note", "third"]);
    status.end();
    expect(screen(text())).toEqual(["a note", "third", ""]);
  });

  it("never lets the passing line wrap", () => {
    const { stream, text } = recorder(true, 20);
    new StatusLine(stream, true).update("x".repeat(50));
    expect(screen(text())[0]).toHaveLength(19);
  });

  it("writes plain lines where nothing can be redrawn", () => {
    const { stream, text } = recorder(false);
    const status = new StatusLine(stream, false);
    status.update("one");
    status.print("note");
    status.update("two");
    status.end();
    expect(text()).toBe("one\nnote\ntwo\n");
  });
});

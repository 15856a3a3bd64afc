/** Widths of texts on a terminal, and lines of progress that keep to them: wide letters, narrow terminals, resizing, Ctrl-Z. */
import { describe, expect, it } from "vitest";
import { workingSeconds } from "../../src/base/working-time.ts";
import { evaluate } from "../../src/cli/evaluate.ts";
import { backTo, progressLine, Remaining, StatusLine } from "../../src/cli/progress.ts";
import { StatusLines } from "../../src/cli/status-lines.ts";
import { cut, padded, textWidth } from "../../src/cli/text-width.ts";
import { commandUsage } from "../../src/cli/usage.ts";
import { drawnIn, Screen } from "./screen.ts";

/** A stream whose text a screen shows. */
function shown(columns: number) {
  const screen = new Screen(columns);
  const stream = { isTTY: true, columns, rows: 24, write: (text: string) => screen.write(text) };
  return { screen, stream };
}

describe("the width of a text", () => {
  // Widths of Unicode's EastAsianWidth.txt (UAX #11): W and F are two, marks none.
  it.each([
    ["cat", 3],
    ["Größe", 5],
    ["кот", 3],
    ["猫", 2],
    ["ネコ", 4],
    ["고양이", 6],
    ["e\u0301", 1],
    ["a\u200db", 2],
    ["🐈", 2],
  ])("of %s is %d", (text, width) => expect(textWidth(text)).toBe(width));

  it("decides where a text is cut and how far it is padded", () => {
    expect(cut("猫と犬", 5)).toBe("猫と");
    expect(cut("猫と犬", 6)).toBe("猫と犬");
    expect(cut("e\u0301e\u0301", 1)).toBe("e\u0301");
    expect(cut("🐈🐈", 3)).toBe("🐈");
    expect(padded("猫", 5)).toBe("猫   ");
  });
});

describe("a line of progress", () => {
  it("never wraps, whatever its letters", () => {
    const { stream } = shown(20);
    let written = "";
    const status = new StatusLine({ ...stream, write: (text: string) => (written += text) });
    status.update("猫".repeat(50));
    status.end();
    expect(textWidth(drawnIn(written)[0]!)).toBeLessThan(20);
  });

  it("is erased whole after the terminal became narrower, and nothing above it is", () => {
    const { screen, stream } = shown(100);
    const status = new StatusLine(stream);
    stream.write("a line that stays\n");
    status.update("x".repeat(90));
    for (const columns of [40, 25, 120]) {
      stream.columns = columns;
      screen.columns = columns;
      status.update("y".repeat(200));
      expect(screen.lines).toEqual(["a line that stays", "y".repeat(columns - 1)]);
    }
    status.print("another");
    expect(screen.lines).toEqual(["a line that stays", "another", "y".repeat(119)]);
    status.end();
  });

  it("is one of several that are erased whole after resizing", () => {
    const { screen, stream } = shown(100);
    const block = new StatusLines(stream);
    block.print("stays");
    block.draw(["1".repeat(90), "2".repeat(50), "3"]);
    stream.columns = 30;
    screen.columns = 30;
    block.draw(["4".repeat(90), "5"]);
    expect(screen.lines).toEqual(["stays", "4".repeat(29), "5"]);
    block.print("more");
    expect(screen.lines).toEqual(["stays", "more", "4".repeat(29), "5"]);
    block.clear();
    expect(screen.lines).toEqual(["stays", "more", ""]);
  });

  it("goes back over rows, not lines", () => {
    expect(backTo([], 80)).toBe("\r");
    expect(backTo(["x".repeat(80)], 80)).toBe("\r");
    expect(backTo(["x".repeat(81)], 80)).toBe("\r\u001b[1A");
    expect(backTo(["", "x".repeat(161)], 80)).toBe("\r\u001b[3A");
  });

  it("fits into terminals of any width", () => {
    const tick = { step: 12_000, lossD: 1.2, lossG: -0.5, dReal: 0.7, dFake: 0.3, imagesPerSecond: 1240 };
    for (const columns of [1, 2, 10, 30, 80, 1_000]) {
      const { screen, stream } = shown(columns);
      const status = new StatusLine(stream);
      status.update(progressLine(tick, 20_000, 5_000, status.columns));
      status.update(progressLine(tick, 20_000, 4_999, status.columns));
      expect(screen.lines).toHaveLength(1);
      expect(textWidth(screen.lines[0]!)).toBeLessThan(Math.max(columns, 2));
      status.end();
    }
  });

  it("is drawn again below what the shell wrote while the process was stopped", () => {
    const { screen, stream } = shown(80);
    const status = new StatusLine(stream);
    status.update("10/100  ETA 0:09");
    stream.write("^Z\n[1]+  Stopped   gantry train\n$ fg\ngantry train\n");
    process.emit("SIGCONT");
    expect(screen.lines).toEqual([
      "10/100  ETA 0:09^Z",
      "[1]+  Stopped   gantry train",
      "$ fg",
      "gantry train",
      "10/100  ETA 0:09",
    ]);
    status.update("20/100  ETA 0:08");
    expect(screen.lines.slice(3)).toEqual(["gantry train", "20/100  ETA 0:08"]);
    status.end();
  });
});

describe("the working time", () => {
  it("leaves out the time before a SIGCONT, and so does the time that remains", () => {
    const remaining = new Remaining();
    const begun = workingSeconds();
    remaining.update(0, 100);
    const until = performance.now() + 400;
    while (performance.now() < until);
    process.emit("SIGCONT");
    expect(workingSeconds() - begun).toBeLessThan(0.3);
    // One step of less than 0.3 s: less than 30 s for 99 more. With the pause it would be 40.
    expect(remaining.update(1, 100)).toBeLessThan(30);
  });
});

describe("a help text", () => {
  it.each([30, 45, 80])("keeps to %d columns, but for words that are longer", async (columns) => {
    const text = await commandUsage(evaluate as never, "gantry evaluate", columns);
    const long = text
      .split("Examples")[0]!
      .split("\n")
      .filter((line) => line.length > columns && /\S +\S/.test(line.trim()));
    expect(long).toEqual([]);
  });
});

/** Help texts fit 80 columns and show every flag; errors are one line; the next command is one that can be typed. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { SettingsError, UserError } from "../../src/base/errors.ts";
import { defineCommand } from "../../src/cli/command.ts";
import { exitCodeOf, failureText, UsageError } from "../../src/cli/errors.ts";
import { programName, quoted } from "../../src/cli/program.ts";
import { commandUsage, wrap } from "../../src/cli/usage.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-usage-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("help", () => {
  const command = defineCommand({
    meta: { name: "train", description: "word ".repeat(40).trim() },
    args: {
      recipe: { type: "positional", required: true, description: "which" },
      aVeryLongFlagIndeed: { type: "string", valueHint: "SOMETHING", description: "text ".repeat(30).trim() },
      count: { type: "string", valueHint: "N", default: "64", description: "how many" },
      averaged: { type: "boolean", negativeDescription: "not", description: "use them" },
    },
    examples: [{ line: "gantry train x", does: "train x" }],
    run: () => undefined,
  });

  it("stays within its columns and lists what there is", async () => {
    const text = await commandUsage(command as never, "gantry train", 60);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(text).toContain("Usage: gantry train <recipe> [options]");
    expect(text).toContain("--a-very-long-flag-indeed SOMETHING");
    expect(text).toMatch(/--count N +how many \(default: 64\)/);
    expect(text).toContain("--[no-]averaged");
    expect(text).toContain("-h, --help");
    expect(text).toContain("\nExamples\n  gantry train x  train x\n\nArguments\n");
    expect(text).not.toContain("\u001b");
    vi.stubEnv("FORCE_COLOR", "1");
    expect(await commandUsage(command as never, "gantry train", 60)).toContain("\u001b[1mOptions");
    vi.unstubAllEnvs();
  });

  it("wraps at spaces and keeps a word that is too long", () => {
    expect(wrap("aa bb cc", 5)).toEqual(["aa bb", "cc"]);
    expect(wrap("aaaaaaaa b", 5)).toEqual(["aaaaaaaa", "b"]);
    expect(wrap("a\nb", 5)).toEqual(["a", "b"]);
  });
});

describe("failures", () => {
  it("are one line with the code of their kind", () => {
    expect(failureText(new UserError("no such thing"), false)).toBe("gantry: no such thing");
    expect(exitCodeOf(new UserError("x"))).toBe(1);
    expect(exitCodeOf(new UsageError("x"))).toBe(2);
    expect(exitCodeOf(new SettingsError("x"))).toBe(2);
    expect(exitCodeOf(new Error("x"))).toBe(1);
    const defect = new Error("aten::add: sizes\nand much more");
    expect(failureText(defect, false)).toBe("gantry: aten::add: sizes (run it again with --stack to see where)");
    expect(failureText("text", false)).toContain("gantry: text");
    const setup = Object.assign(new Error("three\nways"), { name: "SetupError" });
    expect(failureText(setup, false)).toBe("gantry: three\nways");
  });

  it("show the trace and its causes when asked", () => {
    const error = new UserError("outer", { cause: new TypeError("inner") });
    expect(failureText(error, true)).toMatch(/^gantry: outer\n[\s\S]*usage\.test[\s\S]*caused by: TypeError: inner\n/);
  });
});

describe("programName", () => {
  const script = join(folder, "project/node_modules/gantry/bin/gantry.js");
  mkdirSync(join(folder, "project/node_modules/gantry/bin"), { recursive: true });
  mkdirSync(join(folder, "project/node_modules/.bin"), { recursive: true });
  mkdirSync(join(folder, "bin"));
  writeFileSync(script, "");
  symlinkSync(script, join(folder, "project/node_modules/.bin/gantry"));

  it("is a command that the user can type again", () => {
    expect(programName(script, "")).toBe("npx gantry");
    expect(
      programName(join(folder, "project/node_modules/.bin/gantry"), join(folder, "project/node_modules/.bin")),
    ).toBe("npx gantry");
    const clone = join(process.cwd(), "bin/gantry.js");
    expect(programName(clone, "")).toBe(`node ${relative(process.cwd(), clone)}`);
    symlinkSync(script, join(folder, "bin/gantry"));
    expect(programName(script, `/nowhere:${join(folder, "bin")}`)).toBe("gantry");
  });

  it("quotes arguments that a shell would split", () => {
    expect(quoted("runs/mnist-1")).toBe("runs/mnist-1");
    expect(quoted("my run's")).toBe("'my run'\\''s'");
  });
});

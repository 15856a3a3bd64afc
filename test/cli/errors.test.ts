/** Failures as one line: a place in the user's own file is named, one in Gantry is not. */
import { lstatSync, mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { failureText } from "../../src/cli/errors.ts";

/** A failure whose trace leads through these places. */
function failing(...places: string[]): Error {
  const error = new TypeError("i.slice is not a function");
  error.stack = ["TypeError: i.slice is not a function", ...places.map((place) => `    at ${place}`)].join("\n");
  return error;
}

const here = join(import.meta.dirname, "../../dist/training/step.js");
const AGAIN = "(run it again with --stack to see where)";

describe("failureText", () => {
  it("names the first line of the user's own files on the trace", () => {
    const own = failing(
      `step (${here}:10:3)`,
      "Object.augment (/home/a b/mine.ts:2:17)",
      "run (/home/a b/mine.ts:9:1)",
    );
    expect(failureText(own, false)).toBe(`gantry: /home/a b/mine.ts:2: i.slice is not a function ${AGAIN}`);
    const url = failing("file:///home/mine.mjs:4:1", `step (${here}:10:3)`);
    expect(failureText(url, false)).toBe(`gantry: /home/mine.mjs:4: i.slice is not a function ${AGAIN}`);
  });

  it("says in words what the file system refuses", () => {
    const caught = (act: () => unknown): unknown => {
      try {
        return act();
      } catch (error) {
        // As if it had arisen in Gantry: this test counts as a file of the user.
        (error as Error).stack = `Error\n    at f (${here}:1:1)`;
        return error;
      }
    };
    const name = "x".repeat(300);
    expect(
      failureText(
        caught(() => lstatSync(`/${name}`)),
        false,
      ),
    ).toBe(`gantry: cannot read /${name}: the name is too long (ENAMETOOLONG)`);
    const folder = mkdtempSync(join(tmpdir(), "gantry-errors-"));
    rmdirSync(folder);
    expect(
      failureText(
        caught(() => rmdirSync(folder)),
        false,
      ),
    ).toMatch(/^gantry: cannot read \S+: there is no such file/);
    const gone = Object.assign(new Error("ENOENT: no such file or directory, uv_cwd"), { syscall: "uv_cwd" });
    expect(failureText(gone, false)).toBe(
      "gantry: the current folder has been deleted; change to another one and try again",
    );
  });

  it("names none where the trace stays in Gantry, in its packages and in Node", () => {
    const ours = failing(
      `step (${here}:10:3)`,
      "x (/usr/lib/node_modules/jiti/a.js:1:1)",
      "y (node:internal/modules:1:1)",
    );
    expect(failureText(ours, false)).toBe(`gantry: i.slice is not a function ${AGAIN}`);
    expect(failureText(new UserError("no such run"), false)).toBe("gantry: no such run");
  });
});

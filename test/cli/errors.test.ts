/** Failures as one line: a place in the user's own file is named, one in Gantry is not. */
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

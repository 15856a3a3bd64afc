/** The folder of a run that is given no name. */
import { existsSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { makeFreshDirectory } from "../../src/cli/train.ts";
import { temporaryFolder } from "../training/tiny.ts";

const home = process.cwd();
afterAll(() => process.chdir(home));

it("is made at once, so that of two runs begun in one second each has its own", () => {
  process.chdir(temporaryFolder());
  const now = new Date(2026, 0, 2, 3, 4, 5);
  const made = [1, 2, 3].map(() => makeFreshDirectory("mnist", now));
  expect(made).toEqual(["", "-2", "-3"].map((end) => `runs/mnist-20260102-030405${end}`));
  for (const folder of made) expect(existsSync(folder)).toBe(true);
});

it.skipIf(!existsSync("/proc/self"))("is refused with a sentence where no folder can be made", () => {
  process.chdir("/proc/self");
  expect(() => makeFreshDirectory("mnist")).toThrow(UserError);
});

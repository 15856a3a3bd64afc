import { expect, it } from "vitest";
import { nearest } from "../../src/base/errors.ts";
import { visibleMessage } from "../../src/base/visible.ts";

it("the nearest name is looked for only where the text may be one", () => {
  expect(nearest("batchsiez", ["steps", "batchSize"])).toBe("batchSize");
  expect(nearest(`${"a".repeat(99)}b`, ["a".repeat(100)])).toBe("a".repeat(100));
  expect(nearest(`${"a".repeat(100)}b`, ["a".repeat(100)])).toBeUndefined();
});

it("the middle of a message that nobody reads is left out", () => {
  const text = visibleMessage(`${"a".repeat(5_000)}\u0007${"b".repeat(10_000_000)}c`);
  expect(text.length).toBeLessThan(10_000);
  expect(text.startsWith("aaa")).toBe(true);
  expect(text).toContain(" ... (9997002 characters left out) ... ");
  expect(text.endsWith("bc")).toBe(true);
});

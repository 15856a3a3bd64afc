/** Which binding belongs to an engine. */
import { expect, it } from "vitest";
import { bindingPath } from "../../scripts/pack/index.js";
import { ensureBinding, thisHost } from "../../scripts/setup/index.js";

it("is one for Node and Deno, which cuts a file's time to milliseconds, and another for a later library", () => {
  const { engine } = ensureBinding();
  const path = (libraryTime: number) => bindingPath(thisHost(), { ...engine, libraryTime }, "sources");
  expect(path(1796111182626.8486)).toBe(path(1796111182626));
  expect(path(1796111182627)).not.toBe(path(1796111182626));
});

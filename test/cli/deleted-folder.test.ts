/** A terminal whose folder somebody has deleted. */
import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { entry } from "./spawn.ts";

it("is said in one sentence", () => {
  const folder = mkdtempSync(join(tmpdir(), "gantry-deleted-"));
  const line = 'cd "$1" && rmdir "$1" && exec "$2" "$3" train mnist --steps 1';
  const { status, stderr } = spawnSync("sh", ["-c", line, "sh", folder, process.execPath, entry], { encoding: "utf8" });
  expect(stderr).toBe("gantry: the current folder has been deleted; change to another one and try again\n");
  expect(status).toBe(1);
});

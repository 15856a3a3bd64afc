/** A folder for a whole file of tests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Made at once, removed after all tests of the block. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "gantry-export-"));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

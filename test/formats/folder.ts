/** A folder for the files of one test file, removed when it is done. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Makes a fresh folder and has it removed after the file's last test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "gantry-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The path of a stored fixture of test/fixtures/formats. */
export function fixture(name: string): string {
  return new URL(`../fixtures/formats/${name}`, import.meta.url).pathname;
}

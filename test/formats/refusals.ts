/** Writing hand-made checkpoints, and what refusing one must look like. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { readPth } from "../../src/formats/index.ts";
import { liveTensors } from "../../src/tensor/index.ts";
import { temporaryFolder } from "./folder.ts";

/** A folder of the test file, with the two things that its tests do to bytes. */
export interface Refusals {
  readonly folder: string;
  /** Writes the bytes to a fresh path. */
  write(bytes: Uint8Array): string;
  /** The message of the UserError that reading the bytes ends in: one line that names the file, soon, and no tensor is left. */
  refusal(bytes: Uint8Array): string;
}

/** The elements of a storage of eight float32. */
export const eight = new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7).buffer);

/** To be called once at the top of a test file. */
export function refusals(): Refusals {
  const folder = temporaryFolder();
  let files = 0;
  const write = (bytes: Uint8Array): string => {
    const path = join(folder, `hostile-${files++}.pth`);
    writeFileSync(path, bytes);
    return path;
  };
  function refusal(bytes: Uint8Array): string {
    const path = write(bytes);
    const before = liveTensors();
    const started = process.cpuUsage();
    let caught: unknown;
    try {
      readPth(path);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(UserError);
    const { message } = caught as UserError;
    expect(message).toContain(path);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is the point
    expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(message.length).toBeLessThan(600 + path.length);
    expect(liveTensors()).toBe(before);
    // Work, not time: other processes may have the cores.
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1e6).toBeLessThan(5);
    return message;
  }
  return { folder, write, refusal };
}

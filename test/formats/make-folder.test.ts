/** Folders at odd places: a sentence, never a hang. */
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { makeFolder, writeFileAtomic } from "../../src/formats/index.ts";
import { temporaryFolder } from "../training/tiny.ts";

describe("a folder", () => {
  it("is made with those above it, and stays where it is", () => {
    const folder = join(temporaryFolder(), "a", "b", "c");
    makeFolder(folder);
    writeFileSync(join(folder, "file"), "");
    makeFolder(folder);
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  it("is refused below a file, and where a file stands", () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    expect(() => makeFolder(file)).toThrow(
      new UserError(`cannot write ${file}: a file stands where a folder is needed (EEXIST)`),
    );
    expect(() => makeFolder(join(file, "x"))).toThrow(
      /cannot write .*: a part of the path is a file, not a folder \(ENOTDIR\)/,
    );
  });

  it("is refused behind a link to nowhere, which is named, as is a file", () => {
    const root = temporaryFolder();
    const link = join(root, "link");
    symlinkSync(join(root, "nowhere"), link);
    for (const path of [link, join(link, "x", "y")]) {
      expect(() => makeFolder(path)).toThrow(`cannot write ${path}: ${link} is a link to a place that does not exist`);
    }
    expect(() => writeFileAtomic(join(link, "file"), ["x"])).toThrow("is a link to a place that does not exist");
    mkdirSync(join(root, "nowhere"));
    makeFolder(join(link, "x"));
    expect(existsSync(join(root, "nowhere", "x"))).toBe(true);
  });

  it.skipIf(!existsSync("/proc/self"))("is refused at once below /proc, where Node's own way does not return", () => {
    for (const path of ["/proc/gantry", "/proc/gantry/runs/x", "/proc/self/gantry"]) {
      expect(() => makeFolder(path)).toThrow(`cannot write ${path}: `);
      expect(() => makeFolder(path)).toThrow(UserError);
    }
    expect(() => writeFileAtomic("/proc/gantry/file", ["x"])).toThrow("cannot write /proc/gantry/file: ");
  });
});

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { readBytes, writeFileAtomic } from "../../src/formats/atomic.ts";
import { temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();

describe("writeFileAtomic", () => {
  it("writes the parts one after the other, making folders on the way", () => {
    const path = join(folder, "a/b/file.txt");
    writeFileAtomic(path, ["one ", new Uint8Array([0x74, 0x77, 0x6f]), "\n"]);
    expect(readFileSync(path, "utf8")).toBe("one two\n");
    expect(readdirSync(join(folder, "a/b"))).toEqual(["file.txt"]);
  });

  it("leaves the old file and no temporary one when a part fails", () => {
    const path = join(folder, "kept/file.txt");
    writeFileAtomic(path, ["old"]);
    function* failing(): Generator<string> {
      yield "new";
      throw new Error("out of parts");
    }
    expect(() => writeFileAtomic(path, failing())).toThrow("out of parts");
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(join(folder, "kept"))).toEqual(["file.txt"]);
  });

  it("says in one sentence why the file system refuses", () => {
    writeFileSync(join(folder, "plain"), "");
    expect(() => writeFileAtomic(join(folder, "plain/file"), ["x"])).toThrow(UserError);
    expect(() => writeFileAtomic(join(folder, "plain/file"), ["x"])).toThrow(
      /plain\/file: a (part of the path is a file|file stands where)/,
    );
    mkdirSync(join(folder, "taken"));
    expect(() => writeFileAtomic(join(folder, "taken"), ["x"])).toThrow(/it is a folder, not a file/);
    expect(existsSync(join(folder, "taken"))).toBe(true);
  });
});

describe("readBytes", () => {
  it("reads a file up to a size, and no device, which may have no end", () => {
    const path = join(folder, "bytes");
    writeFileSync(path, "1234");
    expect(readBytes(path, 4).toString()).toBe("1234");
    expect(() => readBytes(path, 3)).toThrow(`${path}: larger than 3 bytes`);
    expect(() => readBytes("/dev/zero")).toThrow("cannot read /dev/zero: it is not a regular file");
    expect(() => readBytes(folder)).toThrow("it is a folder, not a file (EISDIR)");
    expect(() => readBytes(join(folder, "none"))).toThrow("there is no such file or folder (ENOENT)");
  });
});

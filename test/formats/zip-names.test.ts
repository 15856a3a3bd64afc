/** Names of zip entries, as Info-ZIP, programs of Windows and of Japan write them. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withRandomAccess } from "../../src/formats/random-access.ts";
import { readZipDirectory } from "../../src/formats/zip-directory.ts";
import { zipName } from "../../src/formats/zip-names.ts";
import { crc32, zipOf } from "../data/files.ts";
import { temporaryFolder } from "./folder.ts";

const none = Buffer.alloc(0);

it("a name is UTF-8 with the flag, and where its bytes are; else of code page 437", () => {
  const read = (hex: string, flags = 0) => zipName(Buffer.from(hex, "hex"), flags, none);
  expect(read("c384", 0x800)).toEqual({ name: "Ä", isGuess: false });
  expect(read("c384")).toEqual({ name: "Ä", isGuess: false });
  expect(read("e8a1a8")).toEqual({ name: "表", isGuess: false });
  expect(read("5c7e21")).toEqual({ name: "\\~!", isGuess: false });
  // As Python's codec cp437 reads them.
  expect(read("8e80ff")).toEqual({ name: "ÄÇ\u00a0", isGuess: true });
  expect(read("e1f5b0")).toEqual({ name: "ß⌡░", isGuess: true });
});

it("an extra field has the name, if it is of this version and of this entry", () => {
  const name = Buffer.from("?");
  const field = (version: number, crc: number) => {
    const bytes = Buffer.from("757007000000000000c384", "hex");
    bytes[4] = version;
    bytes.writeUInt32LE(crc, 5);
    return bytes;
  };
  const good = field(1, crc32(name));
  expect(zipName(name, 0, good).name).toBe("Ä");
  expect(zipName(name, 0, Buffer.concat([Buffer.from("0100020000ff", "hex"), good])).name).toBe("Ä");
  for (const bad of [field(2, crc32(name)), field(1, 7), good.subarray(0, 10), good.subarray(0, 3)]) {
    expect(zipName(name, 0, bad).name).toBe("?");
  }
});

it("two names of another code page are two entries of a directory", () => {
  const path = join(temporaryFolder(), "names.zip");
  const data = Buffer.from("x");
  const names = ["8e", "99", "c384"].map((hex) => Buffer.from(hex, "hex"));
  writeFileSync(path, zipOf(names.map((name) => ({ name, data, claims: { flags: 0 } }))));
  const read = () => withRandomAccess(path, (file) => [...readZipDirectory(file).keys()]);
  expect(read).toThrow("two entries are named `Ä`");
  writeFileSync(path, zipOf(names.slice(0, 2).map((name) => ({ name, data, claims: { flags: 0 } }))));
  expect(read()).toEqual(["Ä", "Ö"]);
});

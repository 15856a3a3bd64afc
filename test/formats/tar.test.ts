import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readTar, startsLikeTar } from "../../src/formats/tar.ts";
import { temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();
const containers = join(import.meta.dirname, "../fixtures/containers");

describe("readTar", () => {
  it.each(["pax", "gnu"])("gives long names and the places of the members (%s)", (kind) => {
    const path = join(containers, `folder-${kind}.tar`);
    const { members, ended, others } = readTar(path);
    const names = ["cat", "dog"].map((one, i) => `./photos/${one}/${"long".repeat(40)}${i}.png`);
    expect(members.map(({ name }) => name)).toEqual(names);
    const bytes = readFileSync(path);
    for (const { offset, size } of members) {
      const png = bytes.subarray(offset, offset + size);
      expect(png.toString("latin1", 1, 4)).toBe("PNG");
      expect(png.toString("latin1", size - 8, size - 4)).toBe("IEND");
    }
    expect([ended, others]).toEqual([true, []]);
  });

  it("says where the end mark is missing, and takes the later of two members of one name", () => {
    const bytes = readFileSync(join(containers, "folder-gnu.tar"));
    const { members } = readTar(join(containers, "folder-gnu.tar"));
    const last = members.at(-1)!;
    const whole = bytes.subarray(0, last.offset + Math.ceil(last.size / 512) * 512);
    const path = join(folder, "twice.tar");
    writeFileSync(path, Buffer.concat([whole, whole]));
    const twice = readTar(path);
    expect(twice.ended).toBe(false);
    expect(twice.members.map(({ offset }) => offset)).toEqual(members.map(({ offset }) => offset + whole.length));
  });

  it("is told from other files by the sum of its header", () => {
    const head = readFileSync(join(containers, "folder-gnu.tar")).subarray(0, 512);
    expect(startsLikeTar(head)).toBe(true);
    const changed = Buffer.from(head);
    changed[3]! ^= 1;
    expect([startsLikeTar(changed), startsLikeTar(Buffer.alloc(512)), startsLikeTar(head.subarray(0, 100))]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

/** Tar archives: shards that webdataset wrote, and folders of images that Python's tarfile packed. */
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../formats/folder.ts";
import { containers, expectHeld, held, packer } from "./container-files.ts";
import { labelsOf, sumsOf } from "./files.ts";

const folder = temporaryFolder();
const pack = packer(join(folder, "cache"));
const shards = join(containers, "shards");
const { planes } = held("shards");

function copy(name: string): string {
  const root = join(folder, name);
  cpSync(shards, root, { recursive: true });
  return root;
}

describe("shards of webdataset", () => {
  it("are read in place in the order of their numbers, with the classes of .cls", async () => {
    const made = await pack(shards);
    expectHeld(made, "shards");
    expect(made.header).toMatchObject({ name: "shards (train)", broken: [] });
    expect(made.header.note).toBe("5 images (.png) from 2 tar shards of shards (train), labels from .cls");
    expect(sumsOf(await pack(shards, {}, 2))).toEqual(planes);
    expect(sumsOf(await pack(join(shards, "train-000001.tar")))).toEqual(planes.slice(3));
  });

  it("have labels in .json and .txt where they are asked for", async () => {
    const json = await pack(shards, { labelEntry: "json.label" });
    expect(json.header.classes).toEqual(["name0", "name1"]);
    expect(labelsOf(json)).toEqual([0, 1, 0, 1, 0]);
    expect((await pack(shards, { labelEntry: "json.width" })).header.classes).toEqual(["8"]);
    expect((await pack(shards, { labelEntry: "txt" })).header.classes).toEqual([0, 1, 2, 3, 4].map((i) => `text ${i}`));
    await expect(pack(shards, { labelEntry: "json.colour" })).rejects.toThrow(
      /the .json of `train-000000.tar s0000` has no number or text as `colour`/,
    );
    await expect(pack(shards, { entry: "jpg" })).rejects.toThrow(
      /`entry` \(=jpg\) is not an ending of its images: png/,
    );
  });

  it("a missing shard is said, and archives that are no run are refused", async () => {
    const root = copy("missing");
    renameSync(join(root, "train-000001.tar"), join(root, "train-000002.tar"));
    expect((await pack(root)).header.broken).toEqual([{ file: "train-000001.tar", reason: "this shard is not there" }]);
    const classes = join(folder, "classes");
    cpSync(join(containers, "folder-pax.tar"), join(classes, "n01440764.tar"));
    cpSync(join(containers, "folder-gnu.tar"), join(classes, "n02085620.tar"));
    await expect(pack(classes)).rejects.toThrow(
      /2 tar archives \(n01440764.tar, n02085620.tar\) that are no numbered shards and have no labels/,
    );
  });

  it("are refused where they were cut, in one sentence", async () => {
    const root = copy("cut");
    const file = join(root, "train-000001.tar");
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, 700));
    await expect(pack(root)).rejects.toThrow(
      /train-000001.tar: the tar archive is cut short inside `.*PaxHeader`, which should end at byte 1024; the file has 700$/,
    );
    writeFileSync(file, Buffer.from(bytes).fill(0x41, 1024, 1100));
    await expect(pack(root)).rejects.toThrow(
      /train-000001.tar: the tar archive is damaged: there is no header at byte 1024/,
    );
    // Between two members: nothing but the end mark is missing.
    writeFileSync(file, bytes.subarray(0, 512 * 4));
    const made = await pack(root).catch((error: Error) => error.message);
    expect(typeof made === "string" ? made : made.header.broken[0]!.reason).toMatch(/cut short/);
    writeFileSync(file, gzipSync(bytes));
    rmSync(join(root, "train-000000.tar"));
    await expect(pack(file)).rejects.toThrow(
      /a gzip archive, from which single images cannot be read; unpack it by gunzip/,
    );
  });
});

describe("a tar archive of a folder", () => {
  it.each(["pax", "gnu"])("has its sub-folders as classes (%s)", async (kind) => {
    const made = await pack(join(containers, `folder-${kind}.tar`));
    expect(made.header).toMatchObject({ count: 2, classes: ["cat", "dog"], broken: [] });
    expect(sumsOf(made)).toEqual(planes.slice(0, 2));
  });

  it("with two members of one path has the later, as when it is unpacked", async () => {
    expectHeld(await pack(join(containers, "twice.tar")), "twice");
  });

  it("with a path that leads out of it is refused, and never read in part", async () => {
    const bytes = Buffer.from(readFileSync(join(containers, "folder-gnu.tar")));
    // The long name of a member lies in a block of its own, which no sum covers.
    bytes.write("../evil/", bytes.indexOf("./photos/cat/"), "latin1");
    const path = join(folder, "outside.tar");
    writeFileSync(path, bytes);
    await expect(pack(path)).rejects.toThrow(/outside.tar: .* cannot be used: invalid relative path: `\.\.\/evil/);
  });
});

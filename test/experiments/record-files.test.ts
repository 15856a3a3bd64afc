import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { recordFiles } from "../../src/experiments/record-files.ts";
import { temporaryFolder } from "../training/tiny.ts";

describe("the records of an experiment", () => {
  it("are the files whose names match, by name", () => {
    const folder = temporaryFolder();
    for (const name of ["b-seed0.json", "a-seed1.json", "tables.md"]) writeFileSync(join(folder, name), "");
    expect(recordFiles(folder, /seed\d\.json$/, "mine")).toEqual([
      join(folder, "a-seed1.json"),
      join(folder, "b-seed0.json"),
    ]);
  });

  it("are asked for where there are none", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "empty"));
    writeFileSync(join(folder, "file"), "");
    const attempt = (name: string) => () => recordFiles(join(folder, name), /./, "mine");
    expect(attempt("absent")).toThrow(UserError);
    expect(attempt("absent")).toThrow(/absent holds no records; name a folder with those of gantry lab mine/);
    expect(attempt("empty")).toThrow(/empty holds no records; name a folder with those of gantry lab mine/);
    expect(attempt("file")).toThrow(/cannot read .*file: a part of the path is a file, not a folder/);
  });
});

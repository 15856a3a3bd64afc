import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { UsageError } from "../../src/cli/errors.ts";
import { classIndex, classIndices, subjectOf } from "../../src/cli/sample/flags.ts";
import { type SheetFlags, writeNeighbours, writeSheet } from "../../src/cli/sample/sheet.ts";
import { thresholdsOf } from "../../src/cli/thresholds.ts";
import { mlp } from "../../src/models/index.ts";
import { sampleRun, startRun } from "../../src/training/index.ts";
import { temporaryFolder, tinyRecipe } from "../training/tiny.ts";

describe("flags of gantry sample", () => {
  it("choose what the file shows", () => {
    expect(subjectOf({ count: "3", columns: "2", class: "1", truncation: "1" })).toBe("grid");
    expect(subjectOf({ interpolate: "linear", rows: "2", steps: "3", classes: "1,2" })).toBe("interpolation");
    expect(subjectOf({ sheet: "classes", columns: "4", classes: "1,2" })).toBe("classes");
    expect(subjectOf({ sheet: "truncation", thresholds: "1", class: "2" })).toBe("truncation");
    expect(subjectOf({ neighbours: "3", count: "2" })).toBe("neighbours");
    expect(subjectOf({ to: "npz", count: "2", class: "1", truncation: "1" })).toBe("files");
    expect(subjectOf({ to: "gif", interpolate: "fixed", classes: "1,2", frames: "9" })).toBe("animation");
  });

  it.each<[object, string]>([
    [
      { interpolate: "linear", neighbours: "3" },
      "--interpolate and --neighbours make different images: give one of them",
    ],
    [{ sheet: "class" }, "--sheet (=class) must be one of classes, conditions, truncation"],
    [{ steps: "3" }, "--steps goes with --interpolate; it does not go with a plain grid"],
    [
      { sheet: "classes", class: "3" },
      "--class goes with a plain grid, --to folder, npz or zip, --interpolate, --sheet truncation, --neighbours; it does not go with --sheet classes",
    ],
    [{ sheet: "truncation", truncation: "1" }, "it does not go with --sheet truncation"],
    [{ interpolate: "linear", class: "1", classes: "1,2" }, "--class and --classes: give one of them"],
  ])("refuse %j", (flags, message) => {
    expect(() => subjectOf(flags as Record<string, string>)).toThrow(UsageError);
    expect(() => subjectOf(flags as Record<string, string>)).toThrow(message);
  });

  it("read classes and thresholds", () => {
    const names = ["cat", "dog", "0"];
    expect([classIndex("Dog", names), classIndex("#1", names), classIndex("0", names)]).toEqual([1, 1, 2]);
    expect(classIndices("dog, cat", names)).toEqual([1, 0]);
    expect(() => classIndices("dog,#1", names)).toThrow("--classes (=dog,#1) names dog twice");
    expect(() => classIndex("1", names)).toThrow("or a place from '#0' to '#2'");
    expect(() => classIndices("dgo,#1", names)).toThrow("--classes (=dgo) is no class of this run; did you mean dog?");
    expect(thresholdsOf("--thresholds", "0.5,none,2,0.5")).toEqual([undefined, 2, 0.5]);
    expect(() => thresholdsOf("--thresholds", "0.5,all")).toThrow("--thresholds (=all) must be a number above 0");
    expect(() => thresholdsOf("--thresholds", "0.001")).toThrow("must be at least 0.01");
  });
});

it("classes are told apart by case, spaces, commas, zeros, and by their Unicode form", () => {
  const names = ["A", "a", "10", "01", "1", "x, y", " x", "x", "\u00e9", "e\u0301", "#2"];
  for (const [i, name] of names.entries()) expect(classIndex(name, names)).toBe(i);
  expect(classIndex("#3", names)).toBe(3);
  expect(classIndices('"x, y",x," x",01,1', names)).toEqual([5, 7, 6, 3, 4]);
  expect(classIndex("E\u0301", ["\u00e9"])).toBe(0);
  // Two names are as like.
  expect(() => classIndex("CAT", ["Cat", "cat"])).toThrow("is no class of this run");
});

describe("sheets of a run", () => {
  it("are PNG files with the requested rows", async () => {
    const folder = temporaryFolder();
    const run = join(folder, "run");
    const generator = mlp.generator({ latent: 4, hidden: [8], conditional: true });
    const discriminator = mlp.discriminator({ hidden: [8], conditional: true });
    await startRun(tinyRecipe({ generator, discriminator, steps: 1 }), { directory: run }).train();
    const flags: SheetFlags = {
      run,
      checkpoint: "last",
      averaged: true,
      seed: 1,
      classIndex: undefined,
      condition: undefined,
      truncation: undefined,
      columns: undefined,
      scale: undefined,
    };
    const file = join(folder, "sheet.png");
    const write = async (subject: Parameters<typeof writeSheet>[0], more: Partial<SheetFlags>): Promise<number[]> => {
      const { count, width, height } = await writeSheet(subject, { ...flags, ...more }, file);
      expect(await sharp(file).metadata()).toMatchObject({ width, height, format: "png" });
      return [count, height];
    };
    // 16 pixels are enlarged four times, with a margin of 2 around each row and of 8 around all.
    const tall = (rows: number): number => rows * 4 * (16 + 2 * 2) + 16;
    expect(await write("interpolation", { interpolate: "spherical", rows: "3", steps: "4" })).toEqual([12, tall(3)]);
    expect(await write("interpolation", { interpolate: "fixed", classes: "#0,#1", rows: "1" })).toEqual([9, tall(1)]);
    expect(await write("classes", {})).toEqual([20, tall(2)]);
    expect(await write("truncation", { thresholds: "none,1", columns: 3 })).toEqual([6, tall(2)]);
    await expect(write("interpolation", { interpolate: "curved" })).rejects.toThrow(
      "--interpolate (=curved) must be one of linear",
    );
    await expect(write("interpolation", { interpolate: "fixed" })).rejects.toThrow("needs --classes A,B");
    await expect(write("interpolation", { interpolate: "linear", classes: "#1" })).rejects.toThrow("must be two");

    const samples = await sampleRun(run, { count: 2, seed: 0 });
    const { neighbours, ...written } = await writeNeighbours(run, samples, 3, file);
    expect(await sharp(file).metadata()).toMatchObject({ width: written.width, height: written.height });
    expect(neighbours.map((near) => near.length)).toEqual([3, 3]);
    expect(written.changed).toBeUndefined();
    await expect(writeNeighbours(run, samples, 49, file)).rejects.toThrow(UserError);
  });
});

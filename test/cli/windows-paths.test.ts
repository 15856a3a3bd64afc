/** Paths as Windows writes them, on another system: each is answered with the path to write. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refuseWindowsPath } from "../../src/base/windows-path.ts";
import { inProcess } from "./in-process.ts";

const work = mkdtempSync(join(tmpdir(), "gantry-windows-"));
const home = process.cwd();
beforeAll(() => process.chdir(work));
afterAll(() => {
  process.chdir(home);
  rmSync(work, { recursive: true });
});

describe.skipIf(process.platform === "win32")("a path of Windows", () => {
  it.each([
    [
      ["train", "C:\\recipes\\mine.ts"],
      "the recipe (=C:\\recipes\\mine.ts) is a path of Windows, and this is another system; under WSL it is /mnt/c/recipes/mine.ts",
    ],
    [
      ["data", "D:/photos"],
      "the dataset (=D:/photos) is a path of Windows, and this is another system; under WSL it is /mnt/d/photos",
    ],
    [
      ["data", "photos\\cats"],
      "the dataset (=photos\\cats) does not exist; folders are divided by forward slashes here: photos/cats",
    ],
    [
      ["evaluate", "\\\\server\\share"],
      "is a share of Windows, and this is another system; mount it, and give the path of the mount",
    ],
    [["evaluate", "mnist", "--real", "C:\\x.npz"], "--real (=C:\\x.npz) is a path of Windows"],
    [["report", "runs\\x"], "the run (=runs\\x) does not exist; folders are divided by forward slashes here: runs/x"],
    [["train", "mnist", "--set", "data=imageFolder", "--set", "data.path=C:\\photos"], "`path` of imageFolder (="],
  ])("is answered in %j", async (args, says) => {
    const { code, stderr } = await inProcess(
      ...args,
      ...(args[0] === "evaluate" ? ["--features", "mnist-classifier"] : []),
    );
    expect(code).toBe(1);
    expect(stderr).toContain(says);
  });

  it("in a recipe, and one whose backslashes JavaScript has taken for escapes", async () => {
    for (const [name, path, says] of [
      [
        "whole",
        String.raw`C:\\photos\\new`,
        String.raw`(=C:\photos\new) is a path of Windows, and this is another system; under WSL it is /mnt/c/photos/new`,
      ],
      [
        "escaped",
        String.raw`C:\photos\new`,
        "(=C:photos\\new) looks like a path of Windows; in JavaScript and JSON a backslash begins an escape",
      ],
    ] as const) {
      const recipe = `import { adam, dcgan, defineRecipe, hinge, imageFolder } from "gantry";
export default defineRecipe({
  data: imageFolder({ path: "${path}" }),
  generator: dcgan.generator(),
  discriminator: dcgan.discriminator(),
  loss: hinge(),
  optimizers: { generator: adam({ lr: 1e-3 }), discriminator: adam({ lr: 1e-3 }) },
  steps: 1,
});
`;
      writeFileSync(`${name}.ts`, recipe);
      const { code, stderr } = await inProcess("train", `${name}.ts`);
      expect([code, stderr]).toEqual([1, expect.stringContaining(says)]);
    }
  });

  it("is a path like any other where it exists", () => {
    mkdirSync("C:\\here");
    expect(() => refuseWindowsPath("C:\\here", "it")).not.toThrow();
    expect(() => refuseWindowsPath("plain/path", "it")).not.toThrow();
  });
});

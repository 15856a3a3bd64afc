import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ensureDist } from "../../scripts/setup/dist.js";
import { packagesAreCurrent } from "../../scripts/setup/packages.js";
import { Machine } from "./machine.ts";

let machine: Machine;
let root: string;
beforeEach(() => {
  machine = new Machine();
  root = join(machine.folder, "clone");
});
afterEach(() => machine.remove());

describe("dist", () => {
  const dist = (name: string) => join(root, "dist", name);
  const output = (name: string) => readFileSync(dist(name), "utf8");

  beforeEach(() => {
    machine.write("clone/tsconfig.json", "{}");
    const compilerOptions = { rootDir: "src", outDir: "dist", target: "es2022", module: "nodenext", types: [] };
    machine.write("clone/tsconfig.build.json", JSON.stringify({ compilerOptions, include: ["src"] }));
    machine.write("clone/src/index.ts", "export const answer: number = 42;\n");
    machine.write("clone/src/deep/other.ts", "export const other: number = 1;\n");
    machine.write("clone/package.json", '{ "type": "module" }');
    symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(root, "node_modules"));
  });

  test("is made once, and again when a source changes, appears or goes", () => {
    ensureDist(root);
    expect(output("index.js")).toContain("answer = 42");
    const made = () => statSync(dist("index.js")).mtimeMs;
    const first = made();
    ensureDist(root);
    expect(made()).toBe(first);

    machine.write("clone/src/index.ts", "export const answer: number = 43;\n");
    ensureDist(root);
    expect(output("index.js")).toContain("answer = 43");

    rmSync(join(root, "src/deep"), { recursive: true });
    ensureDist(root);
    expect(existsSync(dist("deep"))).toBe(false);
  });

  test("that another program has overwritten is not trusted", () => {
    ensureDist(root);
    machine.write("clone/dist/index.js", "of other sources");
    ensureDist(root);
    expect(output("index.js")).toContain("answer = 42");
  });

  test("stays whole when the sources do not compile, and the message is the compiler's", () => {
    ensureDist(root);
    machine.write("clone/src/index.ts", 'export const answer: number = "text";\n');
    expect(() => ensureDist(root)).toThrow(/do not compile:\nsrc\/index\.ts.*not assignable/);
    expect(output("index.js")).toContain("answer = 42");
    expect(readdirSync(root).filter((name) => name.startsWith(".dist"))).toEqual([]);
  });

  test("what an interrupted build left is removed by the next", () => {
    machine.write("clone/.dist-1/half.js", "");
    ensureDist(root);
    expect(readdirSync(root).filter((name) => name.startsWith(".dist"))).toEqual([]);
  });
});

describe("npm packages", () => {
  const wanted = {
    "": { version: "1.0.0" },
    "node_modules/a": { version: "1.0.0", integrity: "x" },
    "node_modules/b": { version: "2.0.0", integrity: "y" },
    "node_modules/for-another-system": { version: "1.0.0", integrity: "z", optional: true },
  };
  const { "": _, "node_modules/for-another-system": __, ...installed } = wanted;
  const installs = (packages: object) =>
    machine.write("clone/node_modules/.package-lock.json", JSON.stringify({ packages }));

  beforeEach(() => {
    machine.write("clone/package-lock.json", JSON.stringify({ packages: wanted }));
    for (const name of ["a", "b"]) mkdirSync(join(root, "node_modules", name), { recursive: true });
  });

  test("are current when npm's own list agrees, packages for other systems aside", () => {
    installs(installed);
    expect(packagesAreCurrent(root)).toBe(true);
  });

  test("are not current without npm's list, which an interrupted install lacks", () => {
    expect(packagesAreCurrent(root)).toBe(false);
  });

  test("are not current when one is missing, of another version, or deleted by hand", () => {
    installs({ "node_modules/a": installed["node_modules/a"] });
    expect(packagesAreCurrent(root)).toBe(false);
    installs({ ...installed, "node_modules/b": { version: "2.0.1", integrity: "w" } });
    expect(packagesAreCurrent(root)).toBe(false);
    installs(installed);
    rmSync(join(root, "node_modules/b"), { recursive: true });
    expect(packagesAreCurrent(root)).toBe(false);
  });
});

test("a clone of another user is not built, in one sentence", () => {
  const prepare = fileURLToPath(new URL("../../scripts/setup/prepare.js", import.meta.url));
  mkdirSync(root);
  chmodSync(root, 0o555);
  // The superuser can write anywhere: then the program takes another user's number once everything is loaded.
  const program = `
    import { requireWritable } from ${JSON.stringify(prepare)};
    if (process.getuid() === 0) process.setuid(65534);
    try { requireWritable(process.argv[1]); } catch (error) { console.log(error.name + ": " + error.message); }`;
  const run = (folder: string) =>
    spawnSync(process.execPath, ["--input-type=module", "-e", program, folder], { encoding: "utf8" }).stdout;
  chmodSync(machine.folder, 0o755);
  expect(run(root)).toMatch(
    /^SetupError: .*clone is not built for .* its owner builds it with npm run build, or .*\.\n$/,
  );
  chmodSync(root, 0o777);
  expect(run(root)).toBe("");
});

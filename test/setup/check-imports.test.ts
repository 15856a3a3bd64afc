/** The check of which way folders import, on small trees that keep or break its rules. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

/** The lines that the check prints about these files. */
function faults(files: Readonly<Record<string, string>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), "gantry-imports-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const script = join(import.meta.dirname, "../../scripts/check-imports.js");
  const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: "utf8" });
  const lines = stderr.split("\n").slice(0, -1);
  expect(status).toBe(lines.length === 0 ? 0 : 1);
  return lines;
}

it("lets a folder import from those before it, through their index.ts", () => {
  const files = {
    "entry/nn.ts": 'export * from "../nn/index.ts";\nexport * from "../nn/registry.ts";\n',
    "nn/registry.ts": "",
    "base/errors.ts": "export const a = 1;\n",
    "nn/index.ts": 'export { a } from "../base/errors.ts";\nexport * from "./conv.ts";\n',
    "nn/conv.ts": 'import { z } from "zod";\nexport const conv = z;\n',
    "cli/main.ts": 'import { conv } from "../nn/index.ts";\nimport "../../scripts/setup/index.js";\n',
  };
  expect(faults(files)).toEqual([]);
});

it("names the file, the line and the rule of each import that goes the wrong way", () => {
  const files = {
    "extra/a.ts": 'import "../nn/index.ts";\n',
    "optim/sgd.ts": 'import { conv } from "../nn/conv.ts";\n',
    "nn/conv.ts": "",
    "nn/index.ts": "",
    "nn/linear.ts":
      'import {\n  adam,\n} from "../optim/adam.ts";\nconst later = import("../extra/a.ts");\nexport type { A } from "../optim/adam.ts";\n',
    "optim/adam.ts": "",
  };
  const upwards = expect.stringMatching(
    /^src\/nn\/linear\.ts:[15]: imports optim\/adam\.ts, but nn may import only from folders before it: base tensor /,
  );
  expect(faults(files)).toEqual([
    "src/extra/a.ts:1: extra has no place in the list of folders of scripts/check-imports.js",
    upwards,
    "src/nn/linear.ts:4: extra has no place in the list of folders of scripts/check-imports.js",
    upwards,
    "src/optim/sgd.ts:1: imports nn/conv.ts past nn/index.ts",
  ]);
});

/**
 * A short part of the tests of tensors, layers, losses and techniques on the second device: in a process of its own, as GANTRY_TEST_DEVICE
 * makes it. All of them: GANTRY_TEST_DEVICE=privateuseone npm test -- test/tensor test/nn test/losses test/techniques
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { EXCEPTIONS } from "./exceptions.ts";
import { hasGradients } from "./other-device.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const FILES = [
  "test/tensor/values.test.ts",
  ...(hasGradients
    ? [
        "test/tensor/foreach.test.ts",
        "test/nn/norms.test.ts",
        "test/losses/losses.test.ts",
        "test/techniques/augmentation.test.ts",
      ]
    : []),
];

it("tests run on another device", () => {
  const folder = mkdtempSync(join(tmpdir(), "gantry-on-device-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "result.json");
  const run = spawnSync(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", ...FILES, "--reporter=json", `--outputFile=${file}`],
    { cwd: root, encoding: "utf8", env: { ...process.env, GANTRY_TEST_DEVICE: "privateuseone", VITEST: undefined } },
  );
  expect(existsSync(file), run.stderr).toBe(true);
  const { testResults } = JSON.parse(readFileSync(file, "utf8")) as {
    testResults: { assertionResults: { fullName: string; status: string; failureMessages: string[] }[] }[];
  };
  expect(testResults).toHaveLength(FILES.length);
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  expect(all.filter(({ status }) => status !== "passed")).toEqual([]);
  // This one compares the device of a tensor with the one that is asked for.
  expect(all.map(({ fullName }) => fullName)).toContainEqual(expect.stringContaining("numbers become float32"));
});

it("exceptions name files and tests that exist", () => {
  for (const { file, test = "" } of EXCEPTIONS) {
    expect(readFileSync(join(root, "test", file), "utf8"), file).toContain(test);
  }
});

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runProgram } from "./child.ts";

/** Another seed tries other calls: GANTRY_FUZZ_SEED=7 GANTRY_FUZZ_CALLS=200000. */
const seed = process.env.GANTRY_FUZZ_SEED ?? "1";
const calls = process.env.GANTRY_FUZZ_CALLS ?? "6000";

it(
  "no argument ends the process",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "gantry-fuzz-"));
    const journal = join(folder, "journal");
    try {
      const { code, signal, stdout, stderr } = await runProgram("fuzz", [seed, calls, journal], { addressSpaceGiB: 7 });
      const end = `${signal ?? `code ${code}`} with seed ${seed} in\n${readFileSync(journal, "utf8")}\n${stderr.slice(-2000)}`;
      expect(code, end).toBe(0);
      // LAPACK says on standard output what it does not like, before it returns an error.
      const report = JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as {
        calls: number;
        values: number;
        errors: number;
        targets: number;
      };
      expect(report.calls).toBe(Number(calls));
      // Junk that never works tests only the first check.
      expect(report.values).toBeGreaterThan(Number(calls) / 5);
      expect(report.errors).toBeGreaterThan(Number(calls) / 5);
      expect(report.targets).toBeGreaterThan(180);
      expect(stderr).not.toContain("shows C++ innards");
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  Number(calls) * 10 + 60_000,
);

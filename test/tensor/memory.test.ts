import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { Tensor } from "../../src/tensor/index.ts";
import { runProgram } from "./child.ts";

it.skipIf(!existsSync("/proc/self/smaps_rollup"))(
  "2,000 steps of training hold as much memory and as many tensors as 400 did",
  async () => {
    const { code, stdout, stderr } = await runProgram("training", ["2000"], { nodeArguments: ["--expose-gc"] });
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout) as { step: number; live: number; anonymousMb: number; value: number }[];
    const settled = report.slice(1);
    expect(new Set(report.map(({ live }) => live)).size).toBe(1);
    // 24 parameters and as many squares.
    expect(report[0]!.live).toBe(24);
    const grown = settled.at(-1)!.anonymousMb - settled[0]!.anonymousMb;
    expect(grown, JSON.stringify(report)).toBeLessThan(4);
    for (const { value } of report) expect(Number.isFinite(value)).toBe(true);
  },
  180_000,
);

it("refuses shapes that no machine holds, and still works", () => {
  // 4 EB, 4 PB and 400 TB: in one dimension, in two, and as a result.
  expect(() => Tensor.zeros([2 ** 60])).toThrow(/^aten::zeros: /);
  expect(() => Tensor.empty([2 ** 25, 2 ** 25])).toThrow(/^aten::empty\.memory_format: .*memory/);
  const long = Tensor.ones([1]).expand([10_000_000]);
  expect(() => long.outer(long)).toThrow(/^aten::outer: .*memory/);
  expect(() => Tensor.zeros([2 ** 53 - 1, 2 ** 53 - 1])).toThrow(/^aten::zeros: /);
  expect(Tensor.ones([2]).sum().item()).toBe(2);
});

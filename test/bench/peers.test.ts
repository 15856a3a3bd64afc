/**
 * The peers of the benchmarks: each step has the same networks on both sides, and the expert style of a peer is the same mathematics as
 * the eager one. Needs a Python with this libtorch as the benchmarks do; without one they have no peer, and say so.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Gantry } from "../../bench/compiled.ts";
import { findPython } from "../../bench/python.ts";
import { STEPS } from "../../bench/steps.ts";
import * as entry from "../../src/entry/gantry.ts";
import * as nn from "../../src/nn/index.ts";
import * as tensor from "../../src/tensor/index.ts";
import * as training from "../../src/training/index.ts";

const gantry: Gantry = { ...entry, ...nn, ...tensor, ...training };
const { python, reasons } = findPython();

/** The answer of peers.py; undefined where there is no such Python, which then has to have been said. */
function ask<T>(args: readonly string[]): T | undefined {
  if (python === undefined) {
    expect(reasons.length).toBeGreaterThan(0);
    return undefined;
  }
  const program = fileURLToPath(new URL("peers.py", import.meta.url));
  const { stdout, stderr, status } = spawnSync(python.command, [program, ...args], {
    encoding: "utf8",
    env: { ...process.env, ...python.environment },
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as T;
}

describe("the peers", () => {
  it("have networks as large as ours", async () => {
    // BigGAN's take long to draw; the benchmark itself refuses to compare networks of other sizes.
    const names = ["mlp", "dcgan-32", "dcgan-64", "dcgan-32-r1", "dcgan-32-wgan-gp", "sngan-32", "sngan-32-r1r2"];
    const theirs = ask<Record<string, [number, number]>>(["sizes", ...names]);
    for (const name of names) {
      const { parameters } = await STEPS[name]!(gantry);
      expect(parameters, name).toBeDefined();
      if (theirs) expect(theirs[name], name).toEqual(parameters);
    }
  });

  it("compute the same losses in expert style as in eager style, before an update and after", () => {
    const small = {
      mlp: "16,8",
      "dcgan-32": "4,4",
      "dcgan-32-r1": "4,4",
      "dcgan-32-wgan-gp": "4,4",
      "dcgan-64": "4,4",
      "sngan-32": "8,4",
      "sngan-32-r1r2": "8,4",
      "biggan-32": "4,4",
      "biggan-128": "8,2",
    };
    type Losses = readonly (readonly [number, number])[];
    const answer = ask<Record<string, { eager: Losses; expert: Losses }>>([
      "losses",
      ...Object.entries(small).map(([name, size]) => `${name}=${size}`),
    ]);
    for (const [name, { eager, expert }] of Object.entries(answer ?? {})) {
      expect(eager.flat().every(Number.isFinite), name).toBe(true);
      expect(expert.flat().every(Number.isFinite), name).toBe(true);
      const change = Math.abs(eager[1]![0] - eager[0]![0]);
      const error = (step: number, player: number): number => Math.abs(expert[step]![player]! - eager[step]![player]!);
      // D's first loss is a forward pass; the next ones come after an update of D, and of both.
      expect(error(0, 0) / eager[0]![0], name).toBeLessThan(1e-5);
      expect(error(0, 1), name).toBeLessThan(5e-3 * Math.max(1, Math.abs(eager[0]![1])));
      expect(change, name).toBeGreaterThan(1e-3);
      expect(error(1, 0), name).toBeLessThan(0.01 * change);
    }
  });
});

/** `gantry data inception` with files of one's own; nothing is downloaded here. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { shell } from "../../src/cli/shell.ts";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import { openInception } from "../../src/metrics/features/inception.ts";
import { importInception, inceptionFile, readInception } from "../../src/metrics/features/inception-file.ts";
import { InceptionV3 } from "../../src/models/inception/network.ts";
import { Generator, Tensor } from "../../src/tensor/index.ts";
import { temporaryFolder } from "../formats/folder.ts";

const folder = temporaryFolder();
const cache = join(folder, "cache");
const mine = join(folder, "mine.safetensors");
const kept = join(cache, "weights", "inception-2015-12-05.safetensors");
const before = process.env.GANTRY_CACHE;

/** The command in this process: in another one, a cache folder of its own would mean a binding to be compiled. */
async function data(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const caught = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      caught[name] += String(text);
      return true;
    }),
  );
  try {
    const code = await shell(["data", "inception", ...args]);
    return { code, ...caught };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

describe("gantry data inception", () => {
  let network: InceptionV3;
  beforeAll(() => {
    // The engine is found before the folder of its binding is exchanged.
    Tensor.zeros([1]).dispose();
    process.env.GANTRY_CACHE = cache;
    const init = (weight: Tensor): void => void weight.fill_(0.01);
    network = new InceptionV3({ rng: new Generator(0), device: "cpu" }, { init }).eval();
    writeSafetensors(mine, network.stateDict());
  });

  afterAll(() => {
    if (before === undefined) delete process.env.GANTRY_CACHE;
    else process.env.GANTRY_CACHE = before;
  });

  it("is needed first: without weights one sentence says how to get them and what works without them", () => {
    expect(() => openInception({ device: "cpu" })).toThrow(UserError);
    expect(() => openInception({ device: "cpu" })).toThrow(
      /^Inception's weights are not here .*gantry data inception.*cifar10-classifier$/,
    );
  });

  it("refuses other weights, naming both hashes", async () => {
    const { code, stdout, stderr } = await data(mine);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/its SHA-256 is [0-9a-f]{64}, not 6726825d0af5f729[0-9a-f]{48} of pt_inception/);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(existsSync(kept)).toBe(false);
  });

  it("takes them with --any-hash, with a warning, and what it wrote can be opened", async () => {
    const { code, stdout, stderr } = await data(mine, "--any-hash", "--json");
    expect(stderr).toContain("warning: these are not the published weights");
    expect(code).toBe(0);
    const { path, hash, official } = JSON.parse(stdout) as { path: string; hash: string; official: boolean };
    expect([path, official]).toEqual([kept, false]);
    const opened = openInception({ device: "cpu" });
    expect([opened.name, opened.hash, opened.dimensions]).toEqual(["inception", hash, 2048]);
    const { features } = opened.forward(Tensor.zeros([1, 3, 8, 8], { dtype: "uint8" }));
    expect(features.shape).toEqual([1, 2048]);
    opened.dispose();
    expect(readdirSync(join(cache, "weights"))).toEqual(["inception-2015-12-05.safetensors"]);
  });

  it("keeps the hash of the first file when a converted one is converted again", async () => {
    const copy = join(folder, "copy.safetensors");
    copyFileSync(kept, copy);
    const target = join(folder, "again.safetensors");
    const { hash } = await importInception(copy, { target, anyHash: true });
    expect(hash).toBe(readInception(kept).hash);
    expect(readFileSync(target).equals(readFileSync(copy))).toBe(true);
  });

  it("notices a changed byte", () => {
    const damaged = join(folder, "damaged.safetensors");
    const bytes = readFileSync(kept);
    bytes[bytes.length - 1000]! ^= 1;
    writeFileSync(damaged, bytes);
    expect(() => readInception(damaged)).toThrow(/damaged: the SHA-256 of its tensors/);
    expect(() => readInception(mine)).toThrow(/does not say which file it was made of/);
  });

  it.each<[string, (state: Map<string, Tensor>) => void, RegExp]>([
    ["a missing tensor", (state) => void state.delete("Mixed_7c.branch_pool.bn.weight"), /lacks Mixed_7c\.branch_pool/],
    ["a tensor too many", (state) => void state.set("extra", Tensor.zeros([1])), /has extra/],
    ["a wrong shape", (state) => void state.set("fc.bias", Tensor.zeros([1000])), /`fc\.bias` has shape \[1000\]/],
    [
      "NaN",
      (state) => void state.set("fc.bias", Tensor.full([1008], Number.NaN)),
      /`fc\.bias` has values that are not/,
    ],
  ])("refuses weights with %s", async (_, spoil, message) => {
    const state = new Map(network.stateDict());
    spoil(state);
    const file = join(folder, "spoilt.safetensors");
    writeSafetensors(file, state);
    const target = join(folder, "never.safetensors");
    const refusal = await importInception(file, { target, anyHash: true }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(UserError);
    expect((refusal as UserError).message).toMatch(message);
    expect(existsSync(target)).toBe(false);
  });

  it("refuses files that are not weights", async () => {
    const text = join(folder, "text.pth");
    writeFileSync(text, "hello");
    mkdirSync(join(folder, "directory.pth"));
    const target = join(folder, "never.safetensors");
    for (const file of [text, join(folder, "directory.pth"), join(folder, "absent.pth")]) {
      await expect(importInception(file, { target, anyHash: true })).rejects.toThrow(UserError);
    }
    await expect(importInception(text, { target })).rejects.toThrow(/its SHA-256 is 2cf24dba/);
  });

  it("takes a converted file of the published weights as such, and does not download what is there", async () => {
    const { tensors, metadata } = readSafetensors(kept);
    const file = join(folder, "published.safetensors");
    // Stands for the published file, which is not here: only the sum of the source differs.
    const sums = { tensors_sha256: metadata.tensors_sha256!, source_sha256: inceptionFile.sha256 };
    writeSafetensors(file, tensors, sums);
    for (const args of [[file], []]) {
      const { code, stdout, stderr } = await data(...args, "--json");
      expect([code, stderr]).toEqual([0, ""]);
      expect(JSON.parse(stdout)).toEqual({ path: kept, hash: inceptionFile.sha256, official: true });
    }
  });

  it("takes no --any-hash without a file", async () => {
    const { code, stderr } = await data("--any-hash");
    expect(code).toBe(2);
    expect(stderr).toContain("--any-hash needs a FILE");
  });

  it("recognises a published file whose name has its sum", () => {
    expect(inceptionFile.name).toContain(inceptionFile.sha256.slice(0, 8));
    expect(statSync(kept).size).toBeGreaterThan(95e6);
  });
});

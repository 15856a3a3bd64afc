import { describe, expect, it } from "vitest";
import { Tensor } from "../../src/tensor/index.ts";
import { firstHost, torchrunRendezvous } from "../../src/training/distributed/rendezvous.ts";
import { checkpointFile, deviceOf } from "../../src/training/distributed/workers.ts";
import { expectClose } from "../nn/oracle.ts";
import { freePort, spawnTypeScript } from "../spawn-typescript.ts";
import { type End, GANS, IN_SHARES, INTERRUPTED, sharedGan } from "./shared-gans.ts";

describe("workers", () => {
  it("make the updates that one makes", async () => {
    const port = String(await freePort());
    const workers = [0, 1].map((rank) =>
      spawnTypeScript(new URL("worker.ts", import.meta.url), [String(rank), "2", port]),
    );
    const alone = GANS.map((name) => sharedGan(name));
    const ends: End[][] = [];
    for (const { ended, lines } of workers) {
      expect(await ended).toEqual({ code: 0, errors: "" });
      ends.push(lines.map((line) => JSON.parse(line)));
    }
    for (const [gan, name] of GANS.entries()) {
      for (const [rank, found] of IN_SHARES.includes(name) ? [] : ends.entries()) {
        const { numbers, weights, observed } = found[gan]!;
        const tolerance = (what: string) => ({ atol: 1e-5, rtol: 1e-5, label: `${name}, worker ${rank}, ${what}` });
        for (const [i, step] of numbers.entries())
          expectClose(Tensor.fromArray(step), alone[gan]!.numbers[i]!, tolerance(`step ${i + 1}`));
        for (const [key, values] of Object.entries(weights))
          expectClose(Tensor.fromArray(values), alone[gan]!.weights[key]!, tolerance(key));
        const expected = alone[gan]!.observed;
        for (const [key, norm] of Object.entries(observed.norms))
          expectClose(Tensor.fromArray([norm]), [expected.norms[key]!], tolerance(key));
        for (const [i, scores] of observed.scores.entries())
          expectClose(Tensor.fromArray(scores), expected.scores[i]!, tolerance(`scores ${i}`));
      }
      // Not only near to each other: rounding must not drive their weights apart.
      expect(ends[1]![gan]!.weights).toEqual(ends[0]![gan]!.weights);
    }
    // They continue from the checkpoint of the first as if nothing had happened.
    for (const found of ends) expect(found.at(-1)).toEqual(found[GANS.indexOf(INTERRUPTED)]);
  });

  it("meet where torchrun's variables say, or are alone", () => {
    const env = { RANK: "1", WORLD_SIZE: "4", MASTER_ADDR: "10.0.0.1", MASTER_PORT: "29500" };
    expect(torchrunRendezvous(env)).toEqual({ rank: 1, size: 4, host: "10.0.0.1", port: 29500 });
    const file = { ...env, MASTER_ADDR: undefined, GANTRY_RENDEZVOUS: "/run/user/1/r" };
    expect(torchrunRendezvous(file)).toEqual({ rank: 1, size: 4, host: "127.0.0.1", port: 0, file: "/run/user/1/r" });
    expect(torchrunRendezvous({})).toBeUndefined();
    expect(torchrunRendezvous({ ...env, WORLD_SIZE: "1", RANK: "0" })).toBeUndefined();
    const besides = { ...env, TORCHELASTIC_USE_AGENT_STORE: "True" };
    expect(torchrunRendezvous(besides)).toMatchObject({ port: 29501 });
    expect(torchrunRendezvous({ ...besides, MASTER_PORT: "65535" })).toMatchObject({ port: 1024 });
    expect(torchrunRendezvous({ ...besides, TORCHELASTIC_USE_AGENT_STORE: "False" })).toMatchObject({ port: 29500 });
    const slurm = {
      SLURM_PROCID: "2",
      SLURM_STEP_NUM_TASKS: "4",
      SLURM_LOCALID: "0",
      SLURM_JOB_ID: "70001",
      SLURM_STEP_ID: "1",
    };
    const nodes = { ...slurm, SLURM_STEP_NODELIST: "gpu[07-09,12],cpu3" };
    expect(torchrunRendezvous(nodes)).toEqual({ rank: 2, size: 4, localRank: 0, host: "gpu07", port: 16_384 + 4466 });
    expect(torchrunRendezvous({ ...nodes, MASTER_ADDR: "a", MASTER_PORT: "9" })).toMatchObject({ host: "a", port: 9 });
    // torchrun in a job of SLURM: its variables count. A batch script has no step, so one process is meant.
    expect(torchrunRendezvous({ ...nodes, ...env })).toMatchObject({ rank: 1, host: "10.0.0.1" });
    expect(torchrunRendezvous({ SLURM_PROCID: "0", SLURM_NTASKS: "4", SLURM_JOB_ID: "7" })).toBeUndefined();
    expect(["a1", "a[3,5]b,c", "a-b[08-09]", "n1,n2"].map(firstHost)).toEqual(["a1", "a3b", "a-b08", "n1"]);
    expect(() => torchrunRendezvous({ ...env, RANK: "4" })).toThrow("RANK (=4) must be a whole number from 0 to 3");
    expect(() => torchrunRendezvous({ ...env, MASTER_PORT: undefined })).toThrow(
      "MASTER_PORT which is not set must be",
    );
    expect(() => torchrunRendezvous({ ...env, MASTER_ADDR: "" })).toThrow("MASTER_ADDR must name the machine");
  });

  it("take no file from worker 0 that leaves the checkpoint's folder", () => {
    expect(checkpointFile("generator.safetensors")).toBe("generator.safetensors");
    for (const name of ["../x.json", "/etc/x.json", ".x.json", "a/b.json", "x", "", "a\u0000.json"])
      expect(() => checkpointFile(name)).toThrow("which no checkpoint holds");
  });

  it("must train one recipe, each on the device and with the threads that its machine has", async () => {
    const connect = async (...changes: string[]) => {
      const port = String(await freePort());
      const workers = [[], changes].map((own, rank) =>
        spawnTypeScript(new URL("rendezvous-worker.ts", import.meta.url), [String(rank), port, ...own]),
      );
      for (const { ended } of workers) expect(await ended).toEqual({ code: 0, errors: "" });
      return workers.map(({ lines }) => lines[0]);
    };
    expect(await connect("device=cuda:1", "threads=3")).toEqual(["met", "met"]);
    expect(await connect("seed=1")).toEqual([
      expect.stringContaining("UserError: the connection to the other workers is lost"),
      "UserError: worker 1 trains another recipe than worker 0",
    ]);
  });

  it("have a GPU each where the recipe says cuda and the workers of the machine are numbered", () => {
    const env = { RANK: "3", WORLD_SIZE: "4", MASTER_ADDR: "10.0.0.1", MASTER_PORT: "29500", LOCAL_RANK: "1" };
    const rendezvous = torchrunRendezvous(env)!;
    expect(rendezvous.localRank).toBe(1);
    expect(deviceOf({ device: "cuda" }, rendezvous)).toBe("cuda:1");
    expect(deviceOf({ device: "cuda:0" }, rendezvous)).toBe("cuda:0");
    expect(deviceOf({ device: "cpu" }, rendezvous)).toBe("cpu");
    expect(deviceOf({ device: "cuda" }, { localRank: undefined })).toBe("cuda");
    expect(() => torchrunRendezvous({ ...env, LOCAL_RANK: "x" })).toThrow(
      "LOCAL_RANK (=x) must be a whole number from 0 to 3",
    );
  });
});

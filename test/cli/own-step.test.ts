/** A file that exports a trainer, from the command line: trained, stopped by Ctrl-C, resumed, sampled; two workers. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readSafetensors } from "../../src/formats/index.ts";
import { expectClose } from "../nn/oracle.ts";
import { jsonLines, start } from "./spawn.ts";

const folder = mkdtempSync(join(tmpdir(), "gantry-own-step-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = join(folder, "toy.ts");
writeFileSync(
  file,
  `import { defineTrainer, mixtureOfGaussians, mlp, sgd } from "gantry";

export default defineTrainer({
  data: mixtureOfGaussians({ modes: 4 }),
  batchSize: 16,
  steps: 6,
  latent: 2,
  log: { every: 1 },
  samples: { every: 3, count: 16 },
  checkpoint: { every: 2 },
  threads: 1,
  build: (context) => ({
    generator: mlp.generator({ latent: 2, hidden: [8] }).build(context),
    critic: mlp.discriminator({ hidden: [8] }).build(context),
  }),
  optimizers: { generator: sgd({ lr: 0.1 }), critic: sgd({ lr: 0.1 }) },
  step({ batch, modules: { generator, critic }, optimizers, latents }) {
    const lossD = critic.forward(generator.forward(latents()).detach()).score.mean().sub(critic.forward(batch.images).score.mean());
    optimizers.critic.minimize(lossD);
    const lossG = critic.forward(generator.forward(latents())).score.mean().neg();
    optimizers.generator.minimize(lossG);
    return { lossD, lossG };
  },
  sample: ({ modules }, z) => modules.generator.forward(z),
});
`,
);

/** The last checkpoint without the seconds. */
function lastCheckpoint(run: string): Record<string, string> {
  const path = join(run, "checkpoints", "step-000006");
  const names = readdirSync(path).filter((name) => name !== "state.json");
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(path, name), "base64")]));
}

describe("gantry with a trainer's file", () => {
  it("trains, stops at Ctrl-C, resumes to the same bits, and samples", async () => {
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    expect(await start(["train", file, "--out", whole, "--quiet"])).toMatchObject({ code: 0 });
    const stopped = await start(["train", file, "--out", parts, "--json"], {
      whenLine: (line, child) => line.includes('"event":"tick","step":2') && child.kill("SIGINT"),
    });
    expect(stopped.code).toBe(130);
    const ticks = jsonLines(stopped.stdout).filter(({ event }) => event === "tick");
    expect(Object.keys(ticks[0]!)).toEqual(expect.arrayContaining(["step", "lossD", "lossG"]));
    expect((await start(["resume", parts, "--quiet"])).code).toBe(0);
    expect(lastCheckpoint(parts)).toEqual(lastCheckpoint(whole));
    const image = join(folder, "samples.png");
    expect((await start(["sample", parts, "--count", "9", "--out", image])).code).toBe(0);
    expect(existsSync(image)).toBe(true);
  });

  it("shares a step among two workers", async () => {
    const [alone, shared] = [join(folder, "alone"), join(folder, "shared")];
    const settings = ["--steps", "3", "--set", "seed=2", "--quiet"];
    expect((await start(["train", file, "--out", alone, ...settings])).code).toBe(0);
    expect(await start(["train", file, "--out", shared, "--workers", "2", ...settings])).toMatchObject({ code: 0 });
    const [one, two] = [alone, shared].map(
      (run) => readSafetensors(join(run, "checkpoints/step-000003/critic.safetensors")).tensors,
    );
    for (const [name, tensor] of one!) {
      const values = Array.from(tensor.toArray(), Number);
      expectClose(two!.get(name)!, values, { atol: 1e-5, rtol: 1e-5, label: name });
    }
  });

  it("says in one sentence what is wrong with it", async () => {
    const wrong = join(folder, "wrong.ts");
    writeFileSync(wrong, readFileSync(file, "utf8").replace("return { lossD, lossG };", "return { lossD: NaN };"));
    const { code, stderr } = await start(["train", wrong, "--out", join(folder, "wrong")]);
    expect([code, stderr]).toEqual([
      1,
      "gantry: step 1: lossD is NaN, so training has diverged; there is no checkpoint yet\n",
    ]);
    const unknown = await start(["train", file, "--set", "loss=hinge", "--out", join(folder, "unknown")]);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining("unknown key `loss`")]);
  });
});

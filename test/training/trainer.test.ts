/** A step of one's own: it trains, logs, is saved, resumed to the same bits, sampled and scored like a recipe. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { seedOf } from "../../src/base/seed.ts";
import { mixtureOfGaussians } from "../../src/data/index.ts";
import { clipWeights } from "../../src/losses/index.ts";
import { mixture } from "../../src/metrics/scores/index.ts";
import { mlp } from "../../src/models/index.ts";
import { adam, sgd } from "../../src/optim/index.ts";
import { trustFile } from "../../src/recipe/index.ts";
import { Generator, grad, scope, Tensor } from "../../src/tensor/index.ts";
import { defineTrainer, openRun, RunDirectory, sampleRun, startRun } from "../../src/training/index.ts";
import { imageLoader } from "../../src/training/trainer/image-loader.ts";
import { expectClose } from "../nn/oracle.ts";
import { freePort, spawnTypeScript } from "../spawn-typescript.ts";
import { eventsOf, newDirectory, stopAfter } from "./short-run.ts";
import { filesIn, makeDataset } from "./tiny.ts";
import { networks, type TinyStep, tinyTrainer, wganStep } from "./tiny-trainer.ts";
import { threeSteps } from "./trainer-steps.ts";

/** The last checkpoint without the seconds. */
function lastCheckpoint(directory: string): Record<string, string> {
  const { "state.json": _, ...files } = filesIn(join(directory, "checkpoints", "step-000006"));
  return files;
}

describe("a trainer", () => {
  it("leaves a run folder with its own numbers by its own names", async () => {
    const directory = newDirectory();
    const seen: ReturnType<typeof wganStep>[] = [];
    const step = (context: TinyStep) => {
      const { lossD, lossG, first } = wganStep(context);
      const numbers = { lossD: lossD.item(), lossG: lossG.item(), first };
      seen.push(numbers as never);
      return numbers;
    };
    const trainer = tinyTrainer({ step });
    const result = await startRun(trainer, { directory, source: "/somewhere/wgan.ts" }).train();
    expect(result).toMatchObject({ step: 6, finished: true });
    expect(readdirSync(directory).sort()).toEqual([
      "checkpoints",
      "losses.svg",
      "metrics.crc",
      "metrics.jsonl",
      "numbers.svg",
      "recipe.json",
      "report.md",
      "samples",
    ]);
    expect(readdirSync(join(directory, "samples"))).toEqual(["000003.png", "000006.png"]);
    expect(readdirSync(result.checkpoint!).sort()).toEqual([
      "critic.safetensors",
      "generator.safetensors",
      "state.json",
      "state.safetensors",
    ]);
    const ticks = new RunDirectory(directory).ticks();
    expect(Object.keys(ticks[0]!)).toEqual(["step", "epoch", "lossD", "lossG", "first", "imagesPerSecond", "seconds"]);
    expect(ticks.map(({ step }) => step)).toEqual([2, 4, 6]);
    for (const name of ["lossD", "lossG", "first"] as const) {
      const mean = (Number(seen[2]![name]) + Number(seen[3]![name])) / 2;
      expect(ticks[1]![name]).toBeCloseTo(mean, 6);
    }
    // Two batches of 8 per step, of 48 images.
    expect(ticks.map(({ epoch }) => epoch)).toEqual([2 / 3, 4 / 3, 2]);
    expect(ticks[1]!.imagesPerSecond * (ticks[1]!.seconds - ticks[0]!.seconds)).toBeCloseTo(32, 6);
    const { source, trainer: file, recipe, data } = new RunDirectory(directory).description();
    expect([source, file]).toEqual(["/somewhere/wgan.ts", "/somewhere/wgan.ts"]);
    expect(recipe).toMatchObject({ steps: 6, latent: 4, optimizers: { critic: { kind: "adam" } } });
    expect(data).toMatchObject({ name: "noise", sample: { channels: 1, size: 16 } });
    expect(readFileSync(join(directory, "report.md"), "utf8")).toContain("| step | epoch | lossD | lossG | first |");
  });

  it("makes the updates that a plain loop makes", () => {
    const { weights } = threeSteps();
    const plain = scope(() => {
      const dataset = makeDataset({ count: 48, size: 16, classes: 2 });
      const { settings } = tinyTrainer();
      const loader = imageLoader(dataset, settings);
      const rng = new Generator(seedOf(settings.seed, "weights"));
      const random = new Generator(seedOf(settings.seed, "latents"));
      const { generator, critic } = networks({ rng, device: "cpu", image: { channels: 1, size: 16 } } as never, 0);
      const optimizers = { generator: sgd({ lr: 0.1 }), critic: sgd({ lr: 0.1 }) };
      const [optG, optD] = [generator, critic].map((network, i) =>
        Object.values(optimizers)[i]!.build({ parameters: network.parameters() }),
      );
      const fake = () => generator.forward(Tensor.randn([8, 4], { generator: random }));
      const score = (images: Tensor) => critic.forward(images.flatten(1)).mean();
      for (let step = 0; step < 3; step++) {
        for (let update = 0; update < 2; update++) {
          // The trainer draws its two batches before the first update, and latents in this order.
          const lossD = score(fake().detach()).sub(score(loader.next().images));
          optD!.step(grad(lossD, critic.parameters()));
          clipWeights(critic.parameters(), 0.05);
        }
        optG!.step(grad(score(fake()).neg(), generator.parameters()));
      }
      const named = Object.entries({ generator, critic }).flatMap(([name, network]) =>
        [...network.stateDict()].map(([key, tensor]) => [`${name}.${key}`, Array.from(tensor.toArray(), Number)]),
      );
      return Object.fromEntries(named);
    });
    expect(weights).toEqual(plain);
  });

  it("resumes to the same bits after a stop", async () => {
    const [whole, parts] = [newDirectory(), newDirectory()];
    const trainer = tinyTrainer();
    await startRun(trainer, { directory: whole }).train();
    await stopAfter(startRun(trainer, { directory: parts }), 2);
    await stopAfter(await openRun(parts, [], { trainer }), 4);
    await (await openRun(parts, [], { trainer })).train();
    expect(eventsOf(parts)).toEqual(["start 0", "stop 2", "resume 2", "stop 4", "resume 4", "finish 6"]);
    expect(lastCheckpoint(parts)).toEqual(lastCheckpoint(whole));
  });

  it("draws samples, and only with its definition", async () => {
    const directory = newDirectory();
    const trainer = tinyTrainer();
    await startRun(trainer, { directory }).train();
    const draw = (seed: number) => sampleRun(directory, { count: 5, seed, trainer });
    const images = await draw(1);
    expect(images.shape).toEqual([5, 1, 16, 16]);
    expect(images.tolist()).toEqual((await draw(1)).tolist());
    expect(images.tolist()).not.toEqual((await draw(2)).tolist());
    await expect(sampleRun(directory, { count: 1, seed: 0 })).rejects.toThrow(
      "the run's trainer was defined in code; the run needs it: give it as `trainer` to openRun, or restore the file",
    );
    const without = newDirectory();
    const { sample: _, ...silent } = { sample: undefined };
    const mute = defineTrainer({
      data: tinyTrainer().settings.data as never,
      steps: 1,
      batchSize: 8,
      latent: 4,
      build: (context) => networks(context),
      optimizers: { generator: adam(), critic: adam() },
      step: wganStep,
      ...silent,
    });
    expect(await startRun(mute, { directory: without }).train()).toMatchObject({ samples: undefined });
    await expect(sampleRun(without, { count: 1, seed: 0, trainer: mute })).rejects.toThrow("has no `sample`");
  });

  it("is scored, and its best step kept", async () => {
    const directory = newDirectory();
    const trainer = defineTrainer({
      data: mixtureOfGaussians({ modes: 4 }) as never,
      steps: 4,
      batchSize: 16,
      latent: 2,
      samples: { count: 16 },
      evaluate: { every: 2, features: "samples", metrics: [mixture()], samples: 100 },
      build: (context) => ({
        generator: mlp.generator({ latent: 2, hidden: [8] }).build(context),
        critic: mlp.discriminator({ hidden: [8] }).build(context),
      }),
      optimizers: (modules) => ({
        both: adam().build({ parameters: [...modules.generator.parameters(), ...modules.critic.parameters()] }),
      }),
      step({ batch, modules, optimizers, latents, rng, rows, batchSize }) {
        const noise = rows(Tensor.randn([batchSize, 2], { generator: rng })).mul(0.1);
        const fake = modules.generator.forward(latents());
        const loss = modules.critic.forward(batch.images.add(noise)).score.sub(modules.critic.forward(fake).score);
        optimizers.both.minimize(loss.square().mean());
        return { loss: loss.square().mean() };
      },
      sample: ({ modules }, z) => modules.generator.forward(z),
    });
    const { best } = await startRun(trainer, { directory }).train();
    expect(best!.name).toBe("highQuality@samples");
    const evaluations = new RunDirectory(directory).evaluations();
    expect(evaluations.map(({ step }) => step)).toEqual([2, 4]);
    const images = await sampleRun(directory, { count: 3, seed: 0, checkpoint: "best", trainer });
    expect(images.shape).toEqual([3, 2]);
  });

  it("may change what a resumed run may change, and nothing else", async () => {
    const directory = newDirectory();
    const trainer = tinyTrainer();
    await stopAfter(startRun(trainer.amended(["optimizers.critic.lr=0.5", "seed=3"]), { directory }), 2);
    const run = await openRun(directory, ["steps=8", "log.every=1"], { trainer });
    expect(run.recipe).toMatchObject({ steps: 8, seed: 3, log: { every: 1 } });
    expect(await run.train()).toMatchObject({ step: 8 });
    await expect(openRun(directory, ["batchSize=4"], { trainer })).rejects.toThrow("a resumed run can change steps");
    expect(() => trainer.amended(["loss=hinge"])).toThrow("unknown key `loss`");
    expect(() => trainer.amended(["optimizers.discriminator.lr=0.1"])).toThrow(
      "unknown key `optimizers.discriminator`; accepted: optimizers.generator, optimizers.critic",
    );
    expect(() => trainer.amended(["optimizers.critic.lr=0"])).toThrow("`optimizers.critic.lr` (=0)");
    expect(() => trainer.amended(["lr=0.1"])).toThrow("optimizers.generator.lr, optimizers.critic.lr");
  });

  it("begins with the weights of another run", async () => {
    const [first, second] = [newDirectory(), newDirectory()];
    await startRun(tinyTrainer(), { directory: first }).train();
    const notes: string[] = [];
    const run = startRun(tinyTrainer({ steps: 1, checkpoint: { every: 9, at: [1] } }), {
      directory: second,
      from: first,
    });
    await run.train({ events: { note: (message) => notes.push(message) } });
    expect(notes).toEqual([`begun with the networks of ${join(first, "checkpoints", "step-000006")}`]);
    const critic = (directory: string, step: string) =>
      filesIn(join(directory, "checkpoints", step))["critic.safetensors"];
    expect(critic(second, "step-000000")).toBe(critic(first, "step-000006"));
  });
});

describe("workers", () => {
  it("make the updates of one process", async () => {
    const port = String(await freePort());
    const workers = [0, 1].map((rank) =>
      spawnTypeScript(new URL("trainer-worker.ts", import.meta.url), [String(rank), "2", port]),
    );
    const alone = threeSteps();
    const ends: (typeof alone)[] = [];
    for (const { ended, lines } of workers) {
      expect(await ended).toEqual({ code: 0, errors: "" });
      ends.push(JSON.parse(lines[0]!));
    }
    for (const [rank, { numbers, weights }] of ends.entries()) {
      const tolerance = { atol: 1e-5, rtol: 1e-5, label: `worker ${rank}` };
      for (const [i, step] of numbers.entries()) {
        // `first` is a number that each worker read of its own rows: the log has the mean.
        expectClose(Tensor.fromArray(step), alone.numbers[i]!, tolerance);
      }
      for (const [key, values] of Object.entries(weights))
        expectClose(Tensor.fromArray(values), alone.weights[key]!, { ...tolerance, label: key });
    }
    expect(ends[1]!.weights).toEqual(ends[0]!.weights);
  });
});

describe("a step that is wrong", () => {
  const message = async (step: (context: TinyStep) => unknown): Promise<string> => {
    const run = startRun(tinyTrainer({ step: step as never }), { directory: newDirectory() });
    return run.train().then(
      () => "",
      (error: Error) => error.message,
    );
  };
  const at = (wrong: number, value: (right: object) => unknown) => (context: TinyStep) => {
    const right = wganStep(context);
    return context.progress.step === wrong ? value(right) : right;
  };
  const rest = "; there is no checkpoint yet";

  it.each([
    [
      "a promise",
      at(0, () => Promise.reject(new Error("later"))),
      "step 1: the step returned a promise; it must be a plain function, without `async`",
    ],
    [
      "nothing",
      at(0, () => undefined),
      "step 1: the step must return the numbers to log, such as { lossD, lossG }; it returned undefined",
    ],
    [
      "a tensor",
      at(0, () => Tensor.ones([])),
      "step 1: the step must return the numbers to log, such as { lossD, lossG }; it returned a tensor",
    ],
    ["no number", at(0, () => ({})), "step 1: the step must return at least one number to log; it returned {}"],
    [
      "a text",
      at(0, () => ({ lossD: "high" })),
      "step 1: `lossD` must be a number or a tensor of one element; it is high",
    ],
    [
      "many elements",
      at(0, () => ({ lossD: Tensor.ones([8, 1]) })),
      "step 1: `lossD` is a tensor of shape [8, 1]; take its mean() or sum()",
    ],
    [
      "a taken name",
      at(0, () => ({ step: 3 })),
      "step 1: a number cannot be called `step`; the log has a number of that name",
    ],
    [
      "other names",
      at(1, () => ({ lossD: 1 })),
      "step 2: the step returned lossD, and before lossD, lossG, first; it must always be the same",
    ],
    ["NaN", at(1, (right) => ({ ...right, lossG: Number.NaN })), "step 2: lossG is NaN, so training has diverged"],
    [
      "an infinite tensor",
      at(1, (right) => ({ ...right, lossD: Tensor.ones([]).div(0) })),
      "step 2: lossD is Infinity, so training has diverged",
    ],
  ])("returns %s", async (_, step, sentence) => {
    expect(await message(step)).toBe(`${sentence}${rest}`);
  });

  it("names the checkpoint that is left when it diverges", async () => {
    const diverging = at(4, (right) => ({ ...right, lossG: Number.NaN }));
    expect(await message(diverging)).toBe(
      "step 5: lossG is NaN, so training has diverged; the checkpoint of step 4 is kept",
    );
  });

  it("asks for an optimizer that there is not", async () => {
    const asks = ({ optimizers }: TinyStep) => ({ rate: (optimizers as Record<string, { lr: number }>).critik!.lr });
    expect(await message(asks)).toBe(
      `the step asks for an optimizer \`critik\`, and there is none; \`optimizers\` has \`generator\`, \`critic\`${rest}`,
    );
  });

  it("minimizes something else than one number", async () => {
    const many = ({ modules, batch, optimizers }: TinyStep) => {
      optimizers.critic.minimize(modules.critic.forward(batch.images.flatten(1)));
      return { loss: 1 };
    };
    expect(await message(many)).toBe(
      `minimize takes a loss of one number, and got a tensor of shape [8, 1]; take its mean() or sum()${rest}`,
    );
    const few = ({ optimizers }: TinyStep) => {
      optimizers.critic.step([]);
      return { loss: 1 };
    };
    expect(await message(few)).toBe(`the optimizer has 4 parameters and got 0 gradients${rest}`);
  });

  it("leaves a parameter alone that the loss does not depend on", async () => {
    const directory = newDirectory();
    let before: unknown;
    const partly = ({ modules, optimizers }: TinyStep) => {
      const [weight] = modules.critic.parameters();
      before ??= weight!.tolist();
      optimizers.critic.minimize(modules.critic.parameters()[3]!.sum());
      expect(weight!.tolist()).toEqual(before);
      return { loss: 1 };
    };
    await startRun(tinyTrainer({ step: partly, steps: 2 }), { directory }).train();
  });
});

describe("a definition that is wrong", () => {
  const right = {
    data: tinyTrainer().settings.data as never,
    steps: 1,
    batchSize: 8,
    latent: 4,
    build: (context: Parameters<typeof networks>[0]) => networks(context),
    optimizers: { generator: adam(), critic: adam() },
    step: wganStep,
  };
  const define = (parts: object) => defineTrainer({ ...right, ...parts } as never);
  const trained = (parts: object) => startRun(define(parts), { directory: newDirectory() }).train();

  it("is refused when it is made", () => {
    expect(() => define({ step: undefined })).toThrow("the trainer: `step` must be a function");
    expect(() => define({ optimizers: undefined })).toThrow("the trainer: `optimizers` is missing");
    expect(() => define({ steps: undefined })).toThrow("`steps` is missing: it must be a positive whole number");
    expect(() => define({ bachSize: 3 })).toThrow("unknown key `bachSize`; did you mean `batchSize`?");
    expect(() => define({ optimizers: { critic: 1 } })).toThrow("`optimizers.critic` (=1) must be an optimizer");
    expect(() => define({ latent: undefined, sample: () => 0 })).toThrow("the trainer: `sample` needs `latent`");
    expect(() => define({ evaluate: {} })).toThrow("`evaluate` scores samples, and there is no `sample`");
  });

  it("is refused before the first step when its samples are not like the data", async () => {
    const sample = ({ modules }: { modules: ReturnType<typeof networks> }, z: Tensor) =>
      modules.generator.forward(z).flatten(1);
    const directory = newDirectory();
    const run = startRun(define({ sample, samples: { every: 1_000 } }), { directory });
    await expect(run.train()).rejects.toThrow(/^`sample` must return samples like those of the data, of shape \[2, /);
    expect(existsSync(join(directory, "metrics.jsonl"))).toBe(false);
  });

  it("is refused when it is built", async () => {
    await expect(trained({ build: () => 3 })).rejects.toThrow(
      "`build` must return modules by name, such as { generator, critic }; it returned a number",
    );
    await expect(trained({ build: () => ({ critic: 3 }) })).rejects.toThrow("`critic` is a number");
    await expect(trained({ optimizers: { other: adam() } })).rejects.toThrow(
      "`optimizers.other`: `build` returns no module of that name; there are generator, critic",
    );
    await expect(trained({ sample: () => Tensor.ones([2, 2]) })).rejects.toThrow(
      "`sample` must return samples like those of the data, of shape [2, 1, 16, 16]; it returned a tensor of shape [2, 2]",
    );
    await expect(trained({ latent: undefined })).rejects.toThrow("`latents` needs the key `latent`");
  });
});

describe("the file of a trainer", () => {
  it("must still export it when the run is resumed", async () => {
    const directory = newDirectory();
    await startRun(tinyTrainer({ steps: 1 }), { directory, source: join(directory, "gone.ts") }).train();
    await expect(openRun(directory)).rejects.toThrow("gone.ts does not exist; the run needs it");
    writeFileSync(join(directory, "gone.ts"), "export default 3;");
    trustFile(join(directory, "gone.ts"));
    await expect(openRun(directory)).rejects.toThrow("gone.ts must say `export default defineTrainer({ ... })`");
  });
});

/** What a step keeps for the log: it changes nothing, and it is what was computed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { nonSaturating } from "../../src/losses/index.ts";
import { dcgan } from "../../src/models/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import { crossReplicaBatchNorm, featureMatching, gradientPenalty, r1, topK } from "../../src/techniques/index.ts";
import { liveTensors, Tensor } from "../../src/tensor/index.ts";
import { openRun, RunDirectory, startRun } from "../../src/training/index.ts";
import { histogramOf, writtenOutputs } from "../../src/training/run/outputs.ts";
import { Observation } from "../../src/training/step/observation.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { flat } from "../nn/oracle.ts";
import { demanding } from "./demanding.ts";
import { newDirectory, stopAfter } from "./short-run.ts";
import { filesIn, ganOf, technique, tinyConvolutions, tinyRecipe } from "./tiny.ts";

const ALL = { gradientNorms: true, outputs: true };

const cases: Record<string, Partial<RecipeInput>> = {
  "perceptrons, several updates of D": { discriminatorSteps: 3 },
  "top-k": { techniques: [topK({ gamma: 0.7, floor: 0.25, everySteps: 1 })] },
  "k at random": { techniques: [topK({ gamma: 0.7, floor: 0.25, everySteps: 1, keep: "random" })] },
  "batch norm, dropout, penalties": {
    generator: dcgan.generator({ latent: 4, width: 2 }),
    discriminator: dcgan.discriminator({ width: 2, batchNorm: true, dropout: 0.3 }),
    techniques: [r1(), gradientPenalty(), crossReplicaBatchNorm()],
  },
  "a replaced loss of G": { ...tinyConvolutions, loss: nonSaturating(), techniques: [featureMatching()] },
};

/** Everything that three steps compute. */
function bitsOf(parts: Partial<RecipeInput>, observed: boolean): unknown {
  const gan = ganOf(parts);
  const numbers = [1, 2, 3].map(() => {
    const observation = observed ? new Observation(ALL) : undefined;
    const values = flat(trainingStep(gan, observation));
    observation?.gradientNorms();
    if (observation) expect(observation.outputs).toBeDefined();
    observation?.dispose();
    return values;
  });
  const weights = [gan.generator, gan.discriminator].map((network) => [...network.stateDict().values()].map(flat));
  const streams = [...gan.streams.state()].map(([name, state]) => [name, Array.from(state.toArray(), Number)]);
  return { numbers, weights, streams };
}

describe("observing a step", () => {
  it.each(Object.entries(cases))("changes no bit: %s", (_, parts) => {
    expect(bitsOf(parts, true)).toEqual(bitsOf(parts, false));
  });

  it.each(Object.entries(cases))("changes no bit in micro-batches: %s", (_, parts) => {
    const divided = { ...parts, accumulate: 2 };
    expect(bitsOf(divided, true)).toEqual(bitsOf(divided, false));
  });

  it("gives the norms of the gradients that the optimizers get, and D's scores before the updates", () => {
    const got: Record<string, number[]> = {};
    const images: number[][] = [];
    const spy = technique("testSpy", () => ({
      gradients(player, gradients) {
        got[player] = gradients.flatMap((gradient) => flat(gradient));
        return gradients;
      },
      augment: (seen) => {
        images.push(flat(seen));
        return seen;
      },
    }));
    const gan = ganOf({ discriminatorSteps: 2, techniques: [spy, topK({ gamma: 0.5, floor: 0.5, everySteps: 1 })] });
    trainingStep(gan).dispose();
    images.length = 0;
    const observation = new Observation(ALL);
    trainingStep(gan, observation).dispose();
    const norm = (values: number[]): number => Math.hypot(...values);
    const norms = observation.gradientNorms();
    expect(Object.keys(norms).sort()).toEqual(["gradNormD", "gradNormG"]);
    expect(norms.gradNormD).toBeCloseTo(norm(got.discriminator!), 5);
    expect(norms.gradNormG).toBeCloseTo(norm(got.generator!), 5);

    // D makes two updates of [real, fake], G one: its batch is the last. G's update has not changed D.
    const { batch, real, fake } = observation.outputs!;
    expect(real.shape).toEqual([8]);
    expect(fake.shape).toEqual([8]);
    expect(flat(batch.images)).toEqual(images.at(-1));
    expect(images).toHaveLength(5);
    expect(flat(batch.scores)).toEqual(flat(gan.discriminator.forward(batch.images).score));
    const best = [...flat(batch.scores).keys()].sort((a, b) => flat(batch.scores)[b]! - flat(batch.scores)[a]!);
    expect(Array.from(batch.rows!.toArray(), Number)).toEqual(best.slice(0, 4).sort((a, b) => a - b));
    expect(batch.selectedBy).toBe("topK");
    observation.dispose();
  });

  it("frees what it kept", () => {
    const gan = ganOf(cases["top-k"]);
    trainingStep(gan).dispose();
    const before = liveTensors();
    const observation = new Observation(ALL);
    trainingStep(gan, observation).dispose();
    expect(liveTensors()).toBeGreaterThan(before);
    observation.dispose();
    expect(liveTensors()).toBe(before);
  });
});

describe("the written outputs", () => {
  const outputs = (count: number, size: number, scores: number[], rows: number[] | null) => ({
    real: Tensor.fromArray([0, 1, 2]),
    fake: Tensor.fromArray([-2, 0, 2]),
    batch: {
      // Image i has the gray level i / count.
      images: Tensor.fromArray(
        Array.from({ length: count * size * size }, (_, i) => Math.floor(i / (size * size)) / count),
        [count, 1, size, size],
      ),
      scores: Tensor.fromArray(scores),
      realness: Tensor.fromArray(scores),
      labels: undefined,
      rows: rows && Tensor.fromArray(BigInt64Array.from(rows, BigInt)),
      selectedBy: rows === null ? undefined : "topK",
    },
  });

  it("are in D's order, with the kept rows and each image at its place", async () => {
    const { png, batch } = writtenOutputs(outputs(5, 4, [3, Number.NaN, 1, 4, 1], [0, 3, 4]), "batches/x.png");
    expect(batch).toEqual({
      size: 5,
      kept: 3,
      selectedBy: "topK",
      scores: [4, 3, 1, 1, null],
      isKept: [1, 1, 0, 1, 0],
      images: { file: "batches/x.png", columns: 3, size: 4, padding: 1 },
    });
    const { data, info } = await sharp(await png!)
      .extractChannel(0)
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([16, 11]);
    const { columns, size, padding } = batch.images!;
    const gray = [0, 1, 2, 3, 4].map((i) => {
      const left = padding + (i % columns) * (size + padding);
      return data[(padding + Math.floor(i / columns) * (size + padding)) * info.width + left]!;
    });
    expect(gray).toEqual([3, 0, 2, 4, 1].map((row) => Math.round((row / 5 + 1) * 127.5)));
  });

  it("of a large batch are spaced evenly in D's order, and large images are reduced", async () => {
    const scores = Array.from({ length: 600 }, (_, i) => -i);
    const { png, batch } = writtenOutputs(outputs(600, 64, scores, null), "x");
    expect(batch.scores).toHaveLength(256);
    expect(batch.scores.slice(0, 4)).toEqual([0, -2, -4, -7]);
    expect([batch.size, batch.kept, batch.isKept.every((kept) => kept === 1)]).toEqual([600, 600, true]);
    expect(batch.images).toEqual({ file: "x", columns: 16, size: 32, padding: 1 });
    const { width } = await sharp(await png!).metadata();
    expect(width).toBe(16 * 33 + 1);
  });

  it("say the height of images that are not square", async () => {
    const square = outputs(2, 4, [1, 2], null);
    const batch = { ...square.batch, images: square.batch.images.reshape([2, 1, 2, 8]) };
    const { png, batch: written } = writtenOutputs({ ...square, batch }, "x");
    expect(written.images).toEqual({ file: "x", columns: 2, size: 8, height: 2, padding: 1 });
    const { width, height } = await sharp(await png!).metadata();
    expect([width, height]).toEqual([2 * 9 + 1, 4]);
  });

  it("count in equal bins that both kinds share", () => {
    const { from, to, real, fake } = histogramOf([0, 32, 31.99, Number.NaN], [1, 1.5, Number.POSITIVE_INFINITY]);
    expect([from, to]).toEqual([0, 32]);
    expect([real.length, real[0], real[31], real.reduce((a, b) => a + b)]).toEqual([32, 1, 2, 3]);
    expect([fake[1], fake.reduce((a, b) => a + b)]).toEqual([2, 2]);
    expect(histogramOf([5], [5])).toMatchObject({ from: 5, to: 5 });
    expect(histogramOf([5], [5]).real[0]).toBe(1);
    expect(histogramOf([Number.NaN], [])).toMatchObject({ from: 0, to: 0 });
  });

  it("have the points of vectors", () => {
    const vectors = outputs(2, 1, [1, 2], null);
    const batch = { ...vectors.batch, images: Tensor.fromArray([0.5, 1, -1, 1 / 3], [2, 2]) };
    const written = writtenOutputs({ ...vectors, batch }, "x");
    expect(written.png).toBeUndefined();
    expect(written.batch.images).toBeUndefined();
    expect(written.batch.points).toEqual([
      [-1, 0.33333],
      [0.5, 1],
    ]);
  });
});

describe("a run", () => {
  const withoutTimes = (directory: string): unknown =>
    new RunDirectory(directory).outputs().map(({ time, ...outputs }) => outputs);

  it("that was interrupted has the same outputs and pictures as one that was not", async () => {
    const recipe = Object.values(demanding)[0]!;
    const whole = newDirectory();
    await startRun(recipe, { directory: whole }).train();
    const interrupted = newDirectory();
    await stopAfter(startRun(recipe, { directory: interrupted }), 4);
    await (await openRun(interrupted)).train();
    expect(withoutTimes(interrupted)).toEqual(withoutTimes(whole));
    const pictures = filesIn(join(whole, "batches"));
    expect(Object.keys(pictures)).toEqual(["000003.png", "000006.png", "000009.png"]);
    expect(filesIn(join(interrupted, "batches"))).toEqual(pictures);
    const written = new RunDirectory(whole).outputs();
    expect(written.map(({ batch }) => batch.kept)).toEqual([16, 13, 11]);
    for (const { batch } of written) {
      expect(readFileSync(join(whole, batch.images!.file)).subarray(1, 4).toString()).toBe("PNG");
    }
  });

  it("ends with the same bits whether or not they are written, and its log has norms where it has ticks", async () => {
    const run = async (every: number): Promise<string> => {
      const directory = newDirectory();
      const settings = { steps: 6, checkpoint: { every: 6 }, log: { every }, samples: { every, count: 4 } };
      await startRun(tinyRecipe({ ...tinyConvolutions, ...settings }), { directory }).train();
      return directory;
    };
    const [often, never] = [await run(1), await run(100)];
    const weights = (directory: string): unknown => {
      const { "state.json": _, ...files } = filesIn(join(directory, "checkpoints/step-000006"));
      return files;
    };
    expect(weights(often)).toEqual(weights(never));
    const norms = new RunDirectory(often).ticks().map(({ gradNormD, gradNormG }) => [gradNormD, gradNormG]);
    expect(norms).toHaveLength(6);
    for (const pair of norms) for (const norm of pair) expect(norm).toBeGreaterThan(0);
  });
});

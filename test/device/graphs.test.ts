/**
 * Steps that a device captures and replays, on the second device: its captures keep the numbers of the host as CUDA's graphs do, do
 * nothing while they are made, and refuse what CUDA refuses. The oracle is the same training without them, to the bit.
 */
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { relativistic } from "../../src/losses/index.ts";
import { dcgan } from "../../src/models/index.ts";
import { adam, cosine, linear, linearDecay, rmsprop, type Schedule, sgd } from "../../src/optim/index.ts";
import type { RecipeInput } from "../../src/recipe/recipe.ts";
import {
  dragan,
  gradientPenalty,
  leCam,
  logitCentring,
  r1,
  r2,
  topK,
  weightAveraging,
} from "../../src/techniques/index.ts";
import { capturableAdam_, fusedAdam_, noGrad, scope, Tensor, useGraphBackend } from "../../src/tensor/index.ts";
import type { BuiltGan } from "../../src/training/step/gan.ts";
import { refuseGraph, refuseUncapturable } from "../../src/training/step/graph-support.ts";
import { Observation } from "../../src/training/step/observation.ts";
import { trainingStep } from "../../src/training/step/step.ts";
import { startRun } from "../../src/training/trainer/run.ts";
import { noise } from "../nn/oracle.ts";
import { NETWORKS, networksFor, recipeOf, TECHNIQUES } from "../training/matrix/cases.ts";
import { bitsOf, ganOf, trial } from "../training/matrix/trial.ts";
import { technique, temporaryFolder, tinyRecipe } from "../training/tiny.ts";
import { hasGradients, OTHER_DEVICE, otherDevice } from "./other-device.ts";

const device = otherDevice();
const when = describe.runIf(hasGradients);

/** Techniques that cannot be captured. */
const REFUSED = ["adaptiveAugmentation", "historicalAveraging", "mine", "powerAveraging"];

const counts = { captured: 0, replayed: 0, released: 0 };
useGraphBackend("privateuseone", {
  graphStream: (...args) => device.graphStream(...args),
  graphBegin(...args) {
    counts.captured++;
    return device.graphBegin(...args);
  },
  graphEnd: (graph) => device.graphEnd(graph),
  graphReplay(graph) {
    counts.replayed++;
    device.graphReplay(graph);
  },
  graphRelease(graph) {
    counts.released++;
    device.graphRelease(graph);
  },
});
const forget = () => Object.assign(counts, { captured: 0, replayed: 0, released: 0 });
beforeEach(forget);

type Described = ReturnType<typeof recipeOf>;

/** A GAN on the second device; it is freed when the test ends. */
async function built(recipe: Described, graph: boolean): Promise<BuiltGan> {
  const gan = await ganOf(graph ? { ...recipe, graph } : recipe, OTHER_DEVICE);
  onTestFinished(() => gan.dispose());
  return gan;
}

interface Course {
  readonly steps: number;
  readonly schedule?: Schedule | undefined;
  /** Whether the log wants the norms of the step that follows so many. */
  readonly observed?: (step: number) => boolean;
}

/** The numbers of each step, the reports after it, and all bits at the end. */
async function training(recipe: Described, graph: boolean, { steps, schedule, observed }: Course): Promise<unknown[]> {
  const gan = await built(recipe, graph);
  const found: unknown[] = [];
  for (let i = 0; i < steps; i++) {
    gan.applySchedule(schedule);
    const observation = observed?.(i) ? new Observation({ gradientNorms: true, outputs: true }) : undefined;
    const numbers = trainingStep(gan, observation);
    const reports = gan.techniques.map((one) => one.report?.());
    found.push([...numbers.toArray(), gan.progress, observation?.gradientNorms(), reports]);
    numbers.dispose();
    observation?.dispose();
  }
  return [...found, bitsOf(gan)];
}

/** Both trainings are the same. Returns how often a step was captured and replayed. */
async function same(recipe: Described, course: Course): Promise<typeof counts> {
  forget();
  const without = await training(recipe, false, course);
  expect(counts.replayed).toBe(0);
  expect(await training(recipe, true, course)).toEqual(without);
  return { ...counts };
}

const tiny = (parts: Partial<RecipeInput>): Described => tinyRecipe(parts);
const adams = (options: Parameters<typeof adam>[0]) => ({ generator: adam(options), discriminator: adam(options) });

when("training in captured steps has the bits of training without", () => {
  const usual = { loss: "nonSaturating", techniques: [], data: "images" } as const;
  it.each(Object.keys(NETWORKS))("%s", async (networks) => {
    expect(await same(recipeOf({ ...usual, networks }), { steps: 6 })).toMatchObject({ captured: 1, replayed: 3 });
  });

  it("points in the plane", async () => {
    expect(await same(recipeOf({ ...usual, networks: "mlp", data: "vectors" }), { steps: 6 })).toMatchObject({
      replayed: 3,
    });
  });

  it("a learning rate that falls in each step, and Adam's corrections", async () => {
    const schedule = linearDecay().build({ steps: 9 });
    expect(await same(tiny({}), { steps: 8, schedule })).toMatchObject({ captured: 1, replayed: 5 });
    const lr = cosine({ from: 1e-2, to: 1e-3, until: 7 });
    const optimizers = adams({ lr, betas: [0, 0.9], weightDecay: 0.1 });
    expect(await same(tiny({ optimizers, discriminatorSteps: 3 }), { steps: 8 })).toMatchObject({ captured: 1 });
  });

  it.each([
    ["sgd", sgd({ lr: 0.01, momentum: 0.5 })],
    ["rmsprop", rmsprop({ lr: 0.001, centered: true, momentum: 0.5 })],
  ])("%s, captured again when its rate changes", async (_, optimizer) => {
    const optimizers = { generator: optimizer, discriminator: optimizer };
    const schedule: Schedule = { factor: (step) => (step < 5 ? 1 : 0.5) };
    const course = { steps: 10, schedule };
    expect(await same(tiny({ optimizers }), course)).toMatchObject({ captured: 2, replayed: 4 });
  });

  it("k of top-k, which falls after four steps and again after eight", async () => {
    const techniques = [topK({ gamma: 0.7, floor: 0.25, everySteps: 5 })];
    expect(await same(tiny({ techniques }), { steps: 15 })).toMatchObject({ captured: 3, replayed: 6 });
  });

  it("penalties in every third update, with weights that follow schedules, of two updates a step", async () => {
    const weight = linear({ from: 1, to: 0.1, until: 20 });
    const techniques = [r1({ weight, every: 3 }), r2({ weight, every: 3 }), gradientPenalty({ weight, every: 3 })];
    const recipe = tiny({ techniques, discriminatorSteps: 2, loss: relativistic() });
    // Steps are of three kinds: the first update has the penalty, the second one, or none.
    expect(await same(recipe, { steps: 14 })).toMatchObject({ captured: 3, replayed: 5 });
  });

  it("weights of penalties in every update", async () => {
    const weight = cosine({ from: 10, to: 1, until: 100, in: "images" });
    const techniques = [dragan({ weight }), logitCentring({ weight })];
    expect(await same(tiny({ techniques }), { steps: 7 })).toMatchObject({ captured: 1, replayed: 4 });
  });

  it("averages of weights, from a step on and by a half-life, of both players", async () => {
    const techniques = [weightAveraging({ decay: 0.9, start: 5, players: "both" })];
    expect(await same(tiny({ techniques, discriminatorSteps: 2 }), { steps: 12 })).toMatchObject({ replayed: 4 });
    const halfLife = [weightAveraging({ halfLife: 100, rampUp: 1, players: "both" })];
    expect((await same(tiny({ techniques: halfLife }), { steps: 20 })).replayed).toBeGreaterThan(1);
  });

  it("a warm-up of averages: its steps are not captured while the decay changes in each", async () => {
    const techniques = [weightAveraging({ decay: 0.5, warmUp: true })];
    // (1 + n) / (10 + n) is 0.5 from n = 8 on.
    expect(await same(tiny({ techniques }), { steps: 13 })).toMatchObject({ captured: 1, replayed: 2 });
  });

  it("averages of scores, after their warm-up", async () => {
    expect(await same(tiny({ techniques: [leCam({ warmUp: 4 })] }), { steps: 10 })).toMatchObject({ captured: 1 });
  });

  it("steps of which the log wants more", async () => {
    const course = { steps: 10, observed: (step: number) => step % 4 === 3 };
    expect(await same(tiny({ techniques: [topK({ gamma: 1 })] }), course)).toMatchObject({ replayed: 5 });
  });

  it("dropout and noise of layers, which draw from the device", async () => {
    const discriminator = dcgan.discriminator({ width: 2, dropout: 0.5 });
    const generator = dcgan.generator({ latent: 4, width: 2 });
    expect(await same(tiny({ generator, discriminator }), { steps: 7 })).toMatchObject({ replayed: 4 });
  });

  const capturable = TECHNIQUES.filter((kind) => !REFUSED.includes(kind));
  it.each(capturable)("technique %s", async (kind) => {
    const techniques = [kind];
    const recipe = recipeOf({ ...usual, techniques, networks: networksFor(techniques) });
    const { replayed } = await same(recipe, { steps: kind === "topK" ? 15 : 8 });
    expect(replayed).toBeGreaterThan(0);
  });

  it("after a resumption", async () => {
    const techniques = [
      topK({ gamma: 0.7, floor: 0.5, everySteps: 30 }),
      r1({ every: 2 }),
      weightAveraging({ decay: 0.9 }),
    ];
    const recipe = tiny({ techniques, optimizers: adams({ lr: cosine({ from: 1e-2, to: 1e-3, until: 20 }) }) });
    const outcome = await trial({ ...recipe, graph: true }, 24, OTHER_DEVICE);
    // Steps with r1 and without it: 12 of each in the first training, 6 in the resumed one, of which 3 are not captured.
    expect(counts).toMatchObject({ captured: 4, replayed: 2 * (9 + 3) });
    const without = await trial(recipe, 24, OTHER_DEVICE);
    expect(outcome).toEqual(without);
  });

  it("with a bounded number of captures", async () => {
    const share = linear({ from: 1, to: 0.1, until: 60 });
    const recipe = tiny({ techniques: [topK({ share })], batchSize: 16 });
    const { captured, released } = await same(recipe, { steps: 60 });
    expect(captured).toBeGreaterThan(10);
    expect(captured - released).toBeLessThanOrEqual(8);
  });
});

when("a number of the host that nobody names", () => {
  /** A penalty whose weight changes after the seventh step. */
  const silent = () =>
    technique("silent", () => ({
      graph: {},
      discriminatorPenalty: ({ realOutput }, { progress }) =>
        realOutput.score
          .square()
          .mean()
          .mul(progress.step < 7 ? 1 : 0.5),
    }));

  it("makes another training, which the comparison sees", async () => {
    const recipe = tiny({ techniques: [silent()] });
    await same(recipe, { steps: 7 });
    const [without, with_] = [await training(recipe, false, { steps: 9 }), await training(recipe, true, { steps: 9 })];
    expect(with_.slice(0, 7)).toEqual(without.slice(0, 7));
    expect(with_[7]).not.toEqual(without[7]);
  });

  it("is refused in the next step that runs without a graph", async () => {
    const observed = (step: number): boolean => step === 5 || step === 9;
    await expect(training(tiny({ techniques: [silent()] }), true, { steps: 10, observed })).rejects.toThrow(
      '`graph` (=true): step 10 computes aten::mul.Scalar("tensor",0.5) where step 6 computed aten::mul.Scalar("tensor",1), and nothing in the recipe says that this changes, so a replay would be wrong; leave `graph` out',
    );
  });

  it("is refused before the capture where it changes in each step", async () => {
    const restless = technique("restless", () => ({
      graph: {},
      generatorPenalty: ({ fakeOutput }, { progress }) => fakeOutput.score.mean().mul(progress.step),
    }));
    await expect(training(tiny({ techniques: [restless] }), true, { steps: 3 })).rejects.toThrow(
      /^`graph` \(=true\): step 3 computes aten::mul.Scalar\("tensor",2\) where step 2 computed aten::mul.Scalar\("tensor",1\)/,
    );
    expect(counts.captured).toBe(0);
  });
});

when("what waits for the device", () => {
  it.each([
    ["reads of it", () => void Tensor.ones([2], { device: OTHER_DEVICE }).sum().item()],
    ["copies to it", () => void Tensor.ones([2]).to({ device: OTHER_DEVICE })],
    ["copies from it", () => void Tensor.ones([2], { device: OTHER_DEVICE }).toArray()],
  ])("is refused in a step that is captured: %s", async (_, act) => {
    const reader = technique("reader", () => ({ graph: {}, afterStep: act }));
    await expect(training(tiny({ techniques: [reader] }), true, { steps: 4 })).rejects.toThrow(
      /^`graph` \(=true\): step 4 cannot be captured \(.*operation not permitted when stream is capturing.*\); leave `graph` out$/,
    );
    // The device is free again.
    expect(Tensor.ones([2], { device: OTHER_DEVICE }).sum().item()).toBe(2);
    expect(counts.released).toBe(counts.captured);
  });
});

describe("what cannot be captured is refused before the first step", () => {
  const message = (act: () => unknown): string | undefined => {
    try {
      act();
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };

  it("a device without graphs", () => {
    const started = () => startRun(tinyRecipe({ graph: true }), { directory: `${temporaryFolder()}/run` });
    expect(message(started)).toBe("`graph` (=true) is for GPUs with CUDA, and the device is cpu; leave `graph` out");
    expect(message(() => refuseGraph({ device: "cuda:0", graph: true }))).toMatch(
      /needs a binding that was compiled with/,
    );
    refuseGraph({ device: "cpu", graph: false });
  });

  it("settings that cannot go with it", () => {
    expect(message(() => refuseGraph({ graph: true, device: OTHER_DEVICE, precision: "fp16" }))).toBe(
      "`graph` (=true) cannot be with `precision` (=fp16): each update reads from the device whether its gradients overflowed; bf16 can; leave one of them out",
    );
    expect(message(() => refuseGraph({ graph: true, device: OTHER_DEVICE, accumulate: 2 }))).toMatch(
      /^`graph` \(=true\) cannot be with `accumulate` \(=2\): /,
    );
    expect(message(() => refuseUncapturable([], { rank: 0, size: 2 }))).toBe(
      "`graph` (=true) is for one process, and this run has 2 workers; leave `graph` out",
    );
  });

  it("techniques, by name", async () => {
    const refused: Record<string, string> = {};
    for (const kind of TECHNIQUES) {
      const recipe = recipeOf({
        loss: "nonSaturating",
        data: "images",
        techniques: [kind],
        networks: networksFor([kind]),
      });
      const gan = await ganOf(recipe, "cpu");
      const why = message(() => refuseUncapturable(gan.techniques, { rank: 0, size: 1 }));
      if (why !== undefined) refused[kind] = why;
      gan.dispose();
    }
    expect(Object.keys(refused)).toEqual(REFUSED);
    expect(refused.mine).toBe(
      "`graph` (=true) cannot be with `mine`: norms of gradients and the moving average of its denominator are read from the device in each step; leave one of them out",
    );
    const [own] = [technique("own", () => ({}))].map((one) => one.build({} as never));
    expect(message(() => refuseUncapturable([own!], { rank: 0, size: 1 }))).toBe(
      "`graph` (=true) cannot be with `own`: it does not say which of its numbers change from step to step (`graph` of a technique); leave one of them out",
    );
  });

  it.runIf(hasGradients)("options of techniques", async () => {
    for (const one of [topK({ perClass: true }), r1({ finiteDifference: 0.01 })]) {
      await expect(built(tiny({ techniques: [one] }), true)).rejects.toThrow(
        /^`graph` \(=true\) cannot be with `(topK|r1)`: `/,
      );
    }
  });
});

describe("Adam of a captured step", () => {
  it.each([
    ["with a mean", 0.5, 0],
    ["without", 0, 0],
    ["with weight decay", 0.9, 0.1],
  ])("has the bits of Adam on a device: %s", (_, beta1, weightDecay) =>
    noGrad(() =>
      scope(() => {
        const shapes = [[5, 3], [7], [2, 3, 4]];
        // A tensor with gaps takes the operators that a device takes, not the one pass of the CPU.
        const gapped = (shape: readonly number[], seed: number): Tensor =>
          noise([...shape, 2], seed)
            .float()
            .select(shape.length, 0);
        const copies = (tensors: readonly Tensor[]): Tensor[] => tensors.map((tensor) => tensor.clone());
        const parameters = shapes.map((shape, i) => gapped(shape, i));
        const squares = shapes.map((shape, i) => gapped(shape, 10 + i).abs_());
        const means = beta1 === 0 ? [] : shapes.map((shape, i) => gapped(shape, 20 + i));
        const [p, v, m] = [parameters, squares, means].map(copies) as [Tensor[], Tensor[], Tensor[]];
        const [lr, eps, betas] = [0.01, 1e-8, [beta1, 0.99] as const];
        for (let step = 1; step <= 4; step++) {
          const gradients = shapes.map((shape, i) => noise(shape, 30 + 10 * step + i).float());
          fusedAdam_(parameters, gradients, means, squares, { lr, betas, eps, weightDecay, step });
          capturableAdam_(p, gradients, m, v, {
            betas,
            eps,
            weightDecay,
            negativeStepSize: Tensor.full([], -lr / (1 - beta1 ** step)),
            rootCorrection: Tensor.full([], Math.sqrt(1 - 0.99 ** step)),
          });
        }
        for (const [i, parameter] of [...parameters, ...squares, ...means].entries())
          expect([...p, ...v, ...m][i]!.tolist()).toEqual(parameter.tolist());
      }),
    ),
  );
});

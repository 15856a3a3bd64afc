/**
 * 2,000 training steps of tiny networks with everything on, in a process of its own, for the test of its memory. Prints
 * one JSON line for each 500 steps: live tensors, and anonymous resident memory in KB (which leaves out mapped files).
 */
import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { hinge } from "../../src/losses/index.ts";
import { mlp } from "../../src/models/index.ts";
import { adam } from "../../src/optim/index.ts";
import { defineRecipe } from "../../src/recipe/recipe.ts";
import { gradientPenalty, topK, weightAveraging } from "../../src/techniques/index.ts";
import { Generator, liveTensors, scope, Tensor } from "../../src/tensor/index.ts";
import { drawSamples } from "../../src/training/sampling/sample.ts";
import { BuiltGan } from "../../src/training/step/gan.ts";
import { trainingStep } from "../../src/training/step/step.ts";

const recipe = defineRecipe({
  data: { role: "data", kind: "given", options: {}, build: () => new Promise(() => {}) },
  generator: mlp.generator({ latent: 8, hidden: [32, 32] }),
  discriminator: mlp.discriminator({ hidden: [32, 32], spectralNorm: true }),
  loss: hinge(),
  techniques: [topK({ gamma: 0.9, everySteps: 100 }), weightAveraging(), gradientPenalty()],
  optimizers: { generator: adam(), discriminator: adam() },
  batchSize: 32,
  steps: 2000,
});
const random = new Generator(1);
const loader = {
  epoch: 0,
  next: () => ({ images: Tensor.randn([32, 2], { generator: random }), labels: undefined }),
  state: () => ({ tensors: new Map(), numbers: {} }),
  load: () => {},
};
const gan = scope(() => new BuiltGan(recipe, { sample: { features: 2 }, classes: [] }, loader));
for (let step = 1; step <= 2000; step++) {
  trainingStep(gan).dispose();
  if (step % 100 === 0) drawSamples(gan, { count: 100, random, averaged: true }).dispose();
  await setImmediate();
  if (step % 500 === 0) {
    (globalThis as { gc?: () => void }).gc?.();
    await setImmediate();
    const [, kilobytes] = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))!;
    console.log(JSON.stringify({ step, live: liveTensors(), kilobytes: Number(kilobytes) }));
  }
}

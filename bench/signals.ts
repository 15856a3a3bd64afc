/**
 * What a run's log costs besides its lines: the norms of both players' gradients at every tick, and D's outputs with the
 * picture of the generated batch at every sample grid, as shares of the time of training.
 *
 *     npm run bench -- signals
 *     npx jiti bench/signals.ts --threads 1 --cpu     processor time: for a machine that others use as well
 *
 * Both are timed alone, because they are far below the noise of a step: a share is their time over that of the steps between
 * two of them. The bar is 1 % for both together.
 */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Recipe } from "../src/recipe/index.ts";
import type { BuiltGan } from "../src/training/index.ts";
import { compiled, compiledFile } from "./compiled.ts";
import { smallDcgan } from "./steps.ts";
import { clockOf, median } from "./timing.ts";

const { values } = parseArgs({
  options: {
    cpu: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const now = clockOf(values.cpu);
const gantry = await compiled();
const { Observation } =
  await compiledFile<typeof import("../src/training/step/observation.ts")>("training/step/observation.js");
const { writtenOutputs } =
  await compiledFile<typeof import("../src/training/run/outputs.ts")>("training/run/outputs.js");
gantry.configureEngine({ threads: Number(values.threads) });

async function timed(count: number, work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count + 1; i++) {
    const begun = now();
    await work();
    times.push(now() - begun);
  }
  return median(times.slice(1));
}

async function measure(name: string, gan: BuiltGan, steps: number): Promise<void> {
  const { log, samples } = gan.recipe;
  const step = await timed(steps, () => gantry.trainingStep(gan).dispose());
  const norms = await timed(30, () => {
    const observation = new Observation({ gradientNorms: true, outputs: false });
    // Gradients have the shapes of the weights.
    observation.gradients("discriminator", gan.discriminator.parameters());
    observation.gradients("generator", gan.generator.parameters());
    observation.gradientNorms();
    observation.dispose();
  });
  const observation = new Observation({ gradientNorms: false, outputs: true });
  gantry.trainingStep(gan, observation).dispose();
  const folder = mkdtempSync(join(tmpdir(), "gantry-signals-"));
  let bytes = [0, 0];
  const outputs = await timed(10, async () => {
    const { png, ...line } = writtenOutputs(observation.outputs!, "batches/000001.png");
    const text = `${JSON.stringify(line)}\n`;
    const picture = await png;
    if (picture) writeFileSync(join(folder, "picture.png"), picture);
    appendFileSync(join(folder, "log.jsonl"), text);
    bytes = [text.length, picture?.length ?? 0];
  });
  observation.dispose();
  rmSync(folder, { recursive: true });
  const [atTicks, atSamples] = [norms / (log.every * step), outputs / (samples.every * step)];
  const found = { step, norms, outputs, line: bytes[0], picture: bytes[1], share: 100 * (atTicks + atSamples) };
  if (values.json) {
    console.log(JSON.stringify({ name, ...found }));
    return;
  }
  const ms = (value: number): string => `${value.toPrecision(3)} ms`;
  console.log(
    `${name}: step ${ms(step)}; norms ${ms(norms)} every ${log.every} steps; outputs ${ms(outputs)} every ${samples.every} (${bytes[0]} bytes, picture ${bytes[1]}); together ${found.share.toPrecision(2)} % of training`,
  );
}

/** A shipped recipe on its own data. */
async function shipped(recipe: Recipe): Promise<BuiltGan> {
  const data = await gantry.openDataModule(recipe);
  return new gantry.BuiltGan(recipe, data.shape, data.loader());
}

const [mnist, mixture] = await Promise.all(
  ["mnist", "mixture"].map(
    async (name) => (await compiledFile<{ default: Recipe }>(`recipe/shipped/${name}.js`)).default,
  ),
);
await measure("mnist", await shipped(mnist!), 20);
await measure("mixture", await shipped(mixture!), 100);
await measure("DCGAN-32, width 64", smallDcgan(gantry, 32, []), 5);
await measure("DCGAN-64, width 64", smallDcgan(gantry, 64, []), 3);

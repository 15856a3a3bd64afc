/**
 * Every algorithm of a convolution's three computations, in milliseconds and GFLOP/s of the direct arithmetic. Above the engine's rate
 * is faster; above the processor's peak is what Winograd saves.
 *
 *     npm run bench -- convolutions
 *     npx jiti bench/convolutions.ts --threads 1 --cpu --turns 10
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { compiled } from "./compiled.ts";
import { clockOf, median } from "./timing.ts";

interface Layer {
  readonly batch: number;
  readonly channels: number;
  readonly features: number;
  /** Height and width of the images. */
  readonly size: number;
  readonly kernel: 3 | 4;
}

/** Of SNGAN and BigGAN (3 x 3), and of DCGAN (4 x 4 with stride 2). */
const LAYERS: readonly Layer[] = [
  { batch: 16, channels: 256, features: 256, size: 32, kernel: 3 },
  { batch: 16, channels: 128, features: 128, size: 32, kernel: 3 },
  { batch: 64, channels: 256, features: 256, size: 8, kernel: 3 },
  { batch: 64, channels: 64, features: 128, size: 16, kernel: 4 },
  { batch: 64, channels: 128, features: 256, size: 8, kernel: 4 },
  { batch: 64, channels: 64, features: 128, size: 32, kernel: 4 },
];

const WAYS = {
  3: ["engine", "turned", "winograd-2x2", "winograd-4x4"],
  4: ["engine", "turned", "phases-2x2", "phases-3x3", "phases-4x4"],
};

const { values } = parseArgs({
  options: {
    cpu: { type: "boolean", default: false },
    json: { type: "boolean" },
    threads: { type: "string", default: "1" },
    turns: { type: "string", default: "7" },
  },
});
const now = clockOf(values.cpu);
const gantry = await compiled();
gantry.configureEngine({ threads: Number(values.threads) });
const { libtorch, instructionSet, blasKernels = "no OpenBLAS" } = gantry.engineSummary();
const { Tensor, grad, scope } = gantry;
if (!values.json) {
  console.log(
    `libtorch ${libtorch} (${instructionSet}, ${blasKernels}), ${values.threads} threads, ${cpus()[0]?.model.trim()}`,
  );
  console.log("milliseconds (GFLOP/s of the direct arithmetic), median\n");
}

for (const { batch, channels, features, size, kernel } of LAYERS) {
  const stride = kernel - 2 === 2 ? 2 : 1;
  const out = size / stride;
  const operations = 2 * batch * out * out * features * channels * kernel * kernel;
  const laid = (shape: number[]) => gantry.keep(Tensor.randn(shape).contiguous("channelsLast"));
  const images = laid([batch, channels, size, size]).requiresGrad_();
  const weight = laid([features, channels, kernel, kernel]).requiresGrad_();
  const gradient = laid([batch, features, out, out]);
  const forward = () => images.conv2d(weight, null, { stride, padding: 1 });
  const computations: Record<string, (turn: (run: () => unknown) => void) => void> = {
    forward: (turn) => turn(() => gantry.noGrad(forward)),
    "image gradient": (turn) => {
      const output = forward();
      turn(() => grad(output, [images], { gradOutputs: [gradient], retainGraph: true }));
    },
    "weight gradient": (turn) => {
      const output = forward();
      turn(() => grad(output, [weight], { gradOutputs: [gradient], retainGraph: true }));
    },
  };
  gantry.setConvolutionMode("measure");
  gantry.setConvolutionChoices({});
  scope(() => grad(forward().square().sum(), [images, weight]));
  const keys = Object.keys(gantry.convolutionChoices());
  for (const [name, compute] of Object.entries(computations)) {
    const times: Record<string, number[]> = Object.fromEntries(WAYS[kernel].map((way) => [way, []]));
    for (let turn = -1; turn < Number(values.turns); turn++) {
      for (const way of WAYS[kernel]) {
        gantry.setConvolutionChoices(Object.fromEntries(keys.map((key) => [key, way])));
        scope(() =>
          compute((run) => {
            const start = now();
            run();
            if (turn >= 0) times[way]!.push(now() - start);
          }),
        );
      }
    }
    const medians = Object.fromEntries(Object.entries(times).map(([way, all]) => [way, median(all)]));
    if (values.json) {
      console.log(JSON.stringify({ batch, channels, features, size, kernel, name, milliseconds: medians }));
      continue;
    }
    const cells = Object.entries(medians).map(
      ([way, ms]) => `${way} ${ms.toFixed(1)} (${(operations / ms / 1e6).toFixed(0)})`,
    );
    console.log(
      `${batch} x ${channels} to ${features}, ${size} px, ${kernel} x ${kernel}, ${name}: ${cells.join("  ")}`,
    );
  }
  for (const tensor of [images, weight, gradient]) tensor.dispose();
}

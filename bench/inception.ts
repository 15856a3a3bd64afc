/** The feature network of scores: 32 images of 32 pixels, as bytes, to their features and logits, resizing included. */
import { compiledFile, type Gantry } from "./compiled.ts";
import type { Step } from "./step.ts";

const BATCH = 32;

/** Weights are random: the time does not depend on them, as long as nothing overflows or becomes denormal. */
export async function inceptionStep({ Generator, scope, Tensor }: Gantry): Promise<Step> {
  const { InceptionFeatures } = await compiledFile<typeof import("../src/metrics/features/inception.ts")>(
    "metrics/features/inception.js",
  );
  const { InceptionV3 } =
    await compiledFile<typeof import("../src/models/inception/network.ts")>("models/inception/network.js");
  const random = new InceptionV3({ rng: new Generator(1), device: "cpu" });
  const network = new InceptionFeatures(random.stateDict(), { device: "cpu", hash: "random" });
  random.dispose();
  const images = Tensor.randint(0, 256, [BATCH, 3, 32, 32]).to({ dtype: "uint8" });
  return {
    run: (count) => {
      for (let i = 0; i < count; i++) scope(() => network.forward(images).features.toArray());
    },
  };
}

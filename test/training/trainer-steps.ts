/** Three steps of the tiny trainer, without dropout: their numbers, and the weights after them. */
import { sgd } from "../../src/optim/index.ts";
import { scope } from "../../src/tensor/index.ts";
import type { Replica } from "../../src/training/step/sharding.ts";
import { imageLoader, shapeOf } from "../../src/training/trainer/image-loader.ts";
import { makeDataset } from "./tiny.ts";
import { networks, tinyTrainer } from "./tiny-trainer.ts";

export function threeSteps(replica?: Replica): { numbers: number[][]; weights: Record<string, number[]> } {
  // Not Adam: it makes full steps of gradients that are nothing but rounding.
  const optimizers = { generator: sgd({ lr: 0.1 }), critic: sgd({ lr: 0.1 }) };
  const trainer = tinyTrainer({ build: (context) => networks(context, 0), optimizers });
  const dataset = makeDataset({ count: 48, size: 16, classes: 2 });
  return scope(() => {
    const loader = imageLoader(dataset, trainer.settings);
    const trained = trainer.build({ shape: shapeOf(dataset), loader, replica });
    const numbers = [0, 1, 2].map(() => Array.from(trained.trainStep().values.toArray(), Number));
    const named = Object.entries(trained.modules).flatMap(([module, network]) =>
      [...network.stateDict()].map(([name, tensor]) => [`${module}.${name}`, tensor] as const),
    );
    const found = Object.fromEntries(named.map(([name, tensor]) => [name, Array.from(tensor.toArray(), Number)]));
    trained.dispose();
    return { numbers, weights: found };
  });
}

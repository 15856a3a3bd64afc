/** Points of a generator of vectors in the plane, the modes of their data, and D's outputs as a landscape behind them. */
import type { PlainDescriptor } from "../../base/descriptor.ts";
import { UserError } from "../../base/errors.ts";
import { Generator, inferenceMode, scope, Tensor } from "../../tensor/index.ts";
import { BuiltGan, drawSamples, mixtureOf, RunDirectory } from "../../training/index.ts";
import type { Opened } from "./checkpoints.ts";
import type { DrawnPoints, Task } from "./messages.ts";

/** Points of the landscape along each side. */
const SIDE = 72;
/** The landscape reaches this much farther than the outermost mode. */
const MARGIN = 1.25;

/**
 * Samples and landscape of a checkpoint.
 * @throws UserError unless the samples are points of the plane.
 */
export async function drawPoints(opened: Opened, task: Extract<Task, { task: "points" }>): Promise<DrawnPoints> {
  const { trained, step, path } = opened;
  const { sample } = trained.shape;
  if (!("features" in sample) || sample.features !== 2)
    throw new UserError("this run does not make points of the plane");
  const points = scope(
    () =>
      drawSamples(trained, {
        count: task.count,
        random: new Generator(task.seed),
        averaged: task.averaged,
        truncation: task.truncation ?? undefined,
      }).tolist() as [number, number][],
  );
  const mixture = await mixtureOf(new RunDirectory(path).description().recipe.data as PlainDescriptor);
  const reach = (list: readonly (readonly [number, number])[]): number => Math.max(0, ...list.flat().map(Math.abs));
  const modes = mixture?.centres ?? [];
  const extent = (modes.length > 0 ? reach(modes) : Math.min(reach(points), 100)) * MARGIN || 1;
  return { step, points, modes, sigma: mixture?.sigma, landscape: landscapeOf(trained, extent), side: SIDE, extent };
}

function landscapeOf(trained: Opened["trained"], extent: number): number[] | undefined {
  if (!(trained instanceof BuiltGan)) return undefined;
  const at = (i: number): number => extent * ((2 * i) / (SIDE - 1) - 1);
  const values = Float32Array.from({ length: SIDE * SIDE * 2 }, (_, i) => {
    const place = i >> 1;
    return at(i % 2 === 0 ? place % SIDE : Math.floor(place / SIDE));
  });
  trained.discriminator.eval();
  try {
    return inferenceMode(() =>
      scope(() => {
        const grid = Tensor.fromArray(values, [SIDE * SIDE, 2]).to({ device: trained.recipe.device });
        return Array.from(trained.discriminator.forward(grid).score.toArray(), Number);
      }),
    );
  } finally {
    trained.discriminator.train();
  }
}

/** One-sided label smoothing: D's loss on a real image by its score, as the shipped loss computes it. */
import { crossEntropy } from "../../../src/losses/index.ts";
import { noGradScope, Tensor } from "../../../src/tensor/index.ts";
import { axes, BLUE, dot, ORANGE, path, picture, text } from "./drawing.ts";

const SCORES = Array.from({ length: 61 }, (_, i) => -4 + i / 5);

/** D's loss on real images with these scores and this target. */
const losses = (scores: readonly number[], target: number): number[] =>
  noGradScope(() => {
    const { real } = crossEntropy(Tensor.fromArray([...scores]), Tensor.zeros([1]), { real: target });
    return Array.from(real.toArray(), Number);
  });

export function labelSmoothingPicture(): string {
  const plot = axes({
    at: [60, 48],
    width: 540,
    height: 160,
    x: [-4, 8],
    y: [0, 4],
    xTicks: [-4, -2, 0, 2, 4, 6, 8],
    yTicks: [0, 1, 2, 3, 4],
    xName: "D's score of a real image",
    title: "D's loss on a real image",
  });
  const best = Math.log(0.9 / 0.1);
  const curveOf = (target: number, stroke: string): string =>
    path(
      losses(SCORES, target).map((value, i) => plot.place(SCORES[i]!, value)),
      { stroke, width: 2 },
    );
  return picture("With target 1 a higher score is always better; with 0.9 the loss has its minimum at 2.2", 260, [
    ...plot.elements,
    curveOf(1, ORANGE),
    curveOf(0.9, BLUE),
    dot(plot.place(best, losses([best], 0.9)[0]!), BLUE, 5),
    text([plot.place(best, 0)[0], plot.place(0, 0.75)[1]], "D(x) = 0.9", { fill: BLUE, size: 12 }),
    text([plot.place(7, 0)[0], plot.place(0, 0.95)[1]], "target 0.9", { fill: BLUE, size: 12 }),
    text([plot.place(7, 0)[0], plot.place(0, 0.15)[1]], "target 1", { fill: ORANGE, size: 12 }),
  ]);
}

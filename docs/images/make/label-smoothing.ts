/** One-sided label smoothing: D's loss on a real image by its score, as the shipped loss computes it. */
import { crossEntropy } from "../../../src/losses/index.ts";
import { noGradScope, Tensor } from "../../../src/tensor/index.ts";
import { axes, BLUE, curve, dot, ORANGE, picture, text } from "./drawing.ts";

/** D's loss on a real image with this score and target. */
const loss = (score: number, target: number): number =>
  noGradScope(() => {
    const { real } = crossEntropy(Tensor.fromArray([score]), Tensor.fromArray([0]), { real: target });
    return real.item();
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
  return picture("With target 1 a higher score is always better; with 0.9 the loss has its minimum at 2.2", 260, [
    ...plot.elements,
    curve(plot.place, [-4, 8], (score) => loss(score, 1), { stroke: ORANGE }, 60),
    curve(plot.place, [-4, 8], (score) => loss(score, 0.9), { stroke: BLUE }, 60),
    dot(plot.place(best, loss(best, 0.9)), BLUE, 5),
    text([plot.place(best, 0)[0], plot.place(0, 0.75)[1]], "D(x) = 0.9", { fill: BLUE, size: 12 }),
    text([plot.place(7, 0)[0], plot.place(0, 0.95)[1]], "target 0.9", { fill: BLUE, size: 12 }),
    text([plot.place(7, 0)[0], plot.place(0, 0.15)[1]], "target 1", { fill: ORANGE, size: 12 }),
  ]);
}

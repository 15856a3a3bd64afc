/** Minibatch discrimination: what D learns of a varied batch and of a collapsed one. */
import { BLUE, box, dot, line, normalPoint, ORANGE, picture, text, uniform } from "./drawing.ts";

const SAMPLES = 10;

/** o(x_i) = sum over j != i of exp(-|M_i - M_j|_1), one kernel of two dimensions. */
function closeness(points: readonly (readonly [number, number])[]): number[] {
  return points.map((a, i) =>
    points.reduce((sum, b, j) => (i === j ? sum : sum + Math.exp(-(Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1])))), 0),
  );
}

function panel(left: number, title: string, spread: number, colour: string): string[] {
  const random = uniform(11);
  const points = Array.from({ length: SAMPLES }, () => {
    const [x, y] = normalPoint(random);
    return [spread * x, spread * y] as const;
  });
  const bars = closeness(points);
  return [
    text([left + 140, 30], title),
    box([left, 44], 280, 120, "#f3f5f7"),
    ...points.map(([x, y]) => dot([left + 140 + 30 * x, 104 + 18 * y], colour)),
    ...bars.map((value, i) => box([left + 10 + i * 27, 240 - 7 * value], 18, 7 * value, colour)),
    line([left, 240], [left + 280, 240]),
    text([left + 140, 258], "o of each sample", { size: 12 }),
  ];
}

export function minibatchPicture(): string {
  return picture("The closeness o is small for each sample of a varied batch and large in a collapsed one", 272, [
    ...panel(24, "M of a varied batch", 1.6, BLUE),
    ...panel(336, "M of a collapsed batch", 0.12, ORANGE),
  ]);
}

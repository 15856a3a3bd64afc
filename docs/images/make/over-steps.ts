/** Curves over training: schedules, and how much the weights of each step count in an average. */
import {
  cosine,
  exponential,
  linear,
  linearDecay,
  powerExponent,
  type Scheduled,
  valueAt,
} from "../../../src/optim/index.ts";
import { axes, BLUE, curve, GRAY, GREEN, ORANGE, picture, text } from "./drawing.ts";

const UNTIL = 10_000;

export function schedulesPicture(): string {
  const plot = axes({
    at: [60, 44],
    width: 540,
    height: 160,
    x: [0, 12_000],
    y: [0, 1],
    xTicks: [0, 2_000, 4_000, 6_000, 8_000, 10_000, 12_000],
    yTicks: [0, 0.5, 1],
    xName: "step",
    title: "from 1 to 0.1 until step 10,000",
  });
  const ends = { from: 1, to: 0.1, until: UNTIL };
  const of = (schedule: Scheduled) => (step: number) => valueAt(schedule, { step, images: 0 });
  const decay = linearDecay({ from: 6_000 }).build({ steps: 12_000 });
  return picture(
    "Four schedules over the steps: linear, cosine, exponential, and linearDecay from step 6,000 on",
    270,
    [
      ...plot.elements,
      curve(plot.place, [0, 12_000], of(linear(ends)), { stroke: BLUE }),
      curve(plot.place, [0, 12_000], of(cosine(ends)), { stroke: ORANGE }),
      curve(plot.place, [0, 12_000], of(exponential(ends)), { stroke: GREEN }),
      curve(plot.place, [0, 12_000], (step) => decay.factor(step), { stroke: GRAY, dashed: true }),
      ...(
        [
          ["linear", BLUE],
          ["cosine", ORANGE],
          ["exponential", GREEN],
          ["linearDecay({ from: 6000 })", GRAY],
        ] as const
      ).map(([name, fill], i) => text([70 + [0, 90, 180, 310][i]!, 262], name, { anchor: "start", fill, size: 12 })),
    ],
  );
}

export function averagesPicture(): string {
  const plot = axes({
    at: [60, 44],
    width: 540,
    height: 160,
    x: [0, UNTIL],
    y: [0, 1],
    xTicks: [0, 2_500, 5_000, 7_500, 10_000],
    yTicks: [0, 1],
    xName: "step, of 10,000",
    title: "how much the weights of a step count, of the largest",
  });
  // The derivative of (t / T)^(g + 1), of its value at the end.
  const power = (std: number) => (step: number) => (step / UNTIL) ** powerExponent(std);
  return picture(
    "Weights of the steps in an exponential average, two power averages, and the mean of the whole past",
    270,
    [
      ...plot.elements,
      curve(plot.place, [0, UNTIL], (step) => 0.999 ** (UNTIL - step), { stroke: BLUE }),
      curve(plot.place, [0, UNTIL], power(0.05), { stroke: ORANGE }),
      curve(plot.place, [0, UNTIL], power(0.1), { stroke: GREEN }),
      curve(plot.place, [0, UNTIL], () => 1, { stroke: GRAY, dashed: true }),
      ...(
        [
          ["weightAveraging, decay 0.999", BLUE],
          ["powerAveraging 0.05", ORANGE],
          ["0.1", GREEN],
          ["historicalAveraging", GRAY],
        ] as const
      ).map(([name, fill], i) => text([36 + [0, 220, 376, 430][i]!, 262], name, { anchor: "start", fill, size: 12 })),
    ],
  );
}

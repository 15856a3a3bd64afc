/** Where four penalties take the slope of D. */
import { BLUE, box, dot, line, normalPoint, ORANGE, picture, ring, text, uniform } from "./drawing.ts";

type Point = readonly [number, number];
const POINTS = 9;

const cloud = (seed: number, [x, y]: Point, spread: number): Point[] => {
  const random = uniform(seed);
  return Array.from({ length: POINTS }, () => {
    const [a, b] = normalPoint(random);
    return [x + spread * a, y + spread * b] as const;
  });
};

function panel(index: number, title: string, marks: (real: Point[], fake: Point[]) => string[]): string[] {
  const left = 12 + index * 156;
  const real = cloud(3, [left + 45, 80], 13);
  const fake = cloud(5, [left + 105, 145], 13);
  return [
    text([left + 74, 30], title),
    box([left, 42], 148, 148, "#f3f5f7"),
    ...marks(real, fake),
    ...real.map((point) => dot(point, BLUE, 3)),
    ...fake.map((point) => dot(point, ORANGE, 3)),
  ];
}

const circles = (points: readonly Point[]): string[] =>
  points.map((point) => ring(point, 7, { stroke: "#24292f", width: 1.5 }));

export function gradientPenaltiesPicture(): string {
  const random = uniform(17);
  return picture(
    "R1 takes the slope at real images, R2 at generated ones, WGAN-GP between both, DRAGAN around real ones",
    240,
    [
      ...panel(0, "r1", (real) => circles(real)),
      ...panel(1, "r2", (_, fake) => circles(fake)),
      ...panel(2, "gradientPenalty", (real, fake) => {
        const between = real.map((point, i) => {
          const e = random();
          return [e * point[0] + (1 - e) * fake[i]![0], e * point[1] + (1 - e) * fake[i]![1]] as const;
        });
        const lines = real.map((point, i) => line(point, fake[i]!, { stroke: "#c9ced4", width: 1 }));
        return [...lines, ...circles(between)];
      }),
      ...panel(3, "dragan", (real) =>
        circles(real.map(([x, y]) => [x + 22 * random() * random(), y + 22 * random() * random()] as const)),
      ),
      dot([170, 216], BLUE, 4),
      text([180, 220], "real", { anchor: "start", size: 12 }),
      dot([240, 216], ORANGE, 4),
      text([250, 220], "generated", { anchor: "start", size: 12 }),
      ring([350, 216], 7, { stroke: "#24292f" }),
      text([363, 220], "slope of D taken here", { anchor: "start", size: 12 }),
    ],
  );
}

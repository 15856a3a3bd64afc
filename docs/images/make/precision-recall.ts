/** Precision and recall: balls around real images that reach to the k-th nearest other one. */
import { BLUE, box, dot, normalPoint, ORANGE, picture, ring, text, uniform } from "./drawing.ts";

type Point = readonly [number, number];

const cloud = (count: number, seed: number, [x, y]: Point, spread: number): Point[] => {
  const random = uniform(seed);
  return Array.from({ length: count }, () => {
    const [a, b] = normalPoint(random);
    return [x + spread * a, y + spread * b] as const;
  });
};

const distance = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** Distances of each point to its third nearest other. */
const radii = (points: readonly Point[]): number[] =>
  points.map((point) => points.map((other) => distance(point, other)).sort((a, b) => a - b)[3]!);

function panel(left: number, title: string, around: "real" | "fake"): string[] {
  const real = cloud(10, 21, [left + 115, 132], 22);
  const fake = cloud(10, 8, [left + 160, 138], 18);
  const [balls, asked] = around === "real" ? [real, fake] : [fake, real];
  const reach = radii(balls);
  const inside = asked.filter((point) => balls.some((ball, i) => distance(point, ball) <= reach[i]!));
  const colour = around === "real" ? BLUE : ORANGE;
  return [
    text([left + 140, 28], `${title}: ${inside.length} of ${asked.length}`),
    box([left, 40], 285, 180, "#f3f5f7"),
    ...balls.map((point, i) => ring(point, Math.min(reach[i]!, 70), { stroke: colour, width: 1 })),
    ...real.map((point) => dot(point, BLUE)),
    ...fake.map((point) => dot(point, ORANGE)),
    ...inside.map((point) => ring(point, 7, { stroke: "#24292f" })),
  ];
}

export function precisionRecallPicture(): string {
  return picture("Precision counts generated images in the balls of real ones, recall the other way round", 258, [
    ...panel(24, "precision", "real"),
    ...panel(331, "recall", "fake"),
    dot([180, 240], BLUE),
    text([190, 244], "real", { anchor: "start", size: 12 }),
    dot([240, 240], ORANGE),
    text([250, 244], "generated", { anchor: "start", size: 12 }),
    ring([348, 240], 7, { stroke: "#24292f" }),
    text([361, 244], "in a ball of the others", { anchor: "start", size: 12 }),
  ]);
}

/** Top-k updates: which samples of a batch G learns from, and how k falls. */
import { axes, BLUE, box, curve, GRAY, ORANGE, picture, text, uniform } from "./drawing.ts";

const BATCH = 16;
const KEPT = 10;

export function topKPicture(): string {
  const random = uniform(7);
  const scores = Array.from({ length: BATCH }, () => 12 + 88 * random());
  const kept = new Set([...scores].sort((a, b) => b - a).slice(0, KEPT));
  const bars = scores.map((score, i) =>
    box([36 + i * 16, 200 - 1.4 * score], 12, 1.4 * score, kept.has(score) ? BLUE : "#d5d9de"),
  );
  const shares = axes({
    at: [380, 76],
    width: 230,
    height: 124,
    x: [0, 80],
    y: [0, 1],
    xTicks: [0, 20, 40, 60, 80],
    yTicks: [0, 0.5, 1],
    xName: "epoch",
    title: "k / B, floor 0.5",
  });
  const share = (gamma: number) => (epoch: number) => Math.max(0.5, gamma ** Math.floor(epoch));
  return picture("Top-k updates: G learns from the k samples with the highest scores; k falls over the epochs", 260, [
    text([160, 32], "D(G(z)) of a batch, B = 16, k = 10"),
    ...bars,
    box([60, 226], 12, 12, BLUE),
    text([78, 237], "G learns from these", { anchor: "start", size: 11 }),
    box([216, 226], 12, 12, "#d5d9de"),
    text([234, 237], "left out", { anchor: "start", size: 11 }),
    ...shares.elements,
    curve(shares.place, [0, 80], share(0.99), { stroke: BLUE }, 320),
    curve(shares.place, [0, 80], share(0.9), { stroke: ORANGE }, 320),
    curve(shares.place, [0, 80], () => 1, { stroke: GRAY, dashed: true }),
    text([600, 104], "gamma 0.99", { anchor: "end", fill: BLUE, size: 11 }),
    text([412, 158], "0.9", { anchor: "start", fill: ORANGE, size: 11 }),
  ]);
}

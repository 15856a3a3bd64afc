/** Spectral norm and self-attention, two layers that many discriminators have. */
import { arrow, BLUE, box, GRAY, line, ORANGE, path, picture, ring, text } from "./drawing.ts";

/** The image of the unit circle under [[a, b], [c, d]], its radius `scale` pixels. */
function image([a, b, c, d]: readonly number[], [x, y]: readonly [number, number], scale: number) {
  return Array.from({ length: 73 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 72;
    const [u, v] = [Math.cos(angle), Math.sin(angle)];
    return [x + scale * (a! * u + b! * v), y - scale * (c! * u + d! * v)] as const;
  });
}

export function spectralNormPicture(): string {
  const weight = [1.6, 0.9, 0.3, 0.9];
  // The largest singular value: sqrt of the largest eigenvalue of W^T W.
  const [p, q, r] = [1.6 ** 2 + 0.3 ** 2, 1.6 * 0.9 + 0.3 * 0.9, 0.9 ** 2 + 0.9 ** 2];
  const sigma = Math.sqrt((p + r) / 2 + Math.sqrt(((p - r) / 2) ** 2 + q ** 2));
  const scale = 44;
  return picture(
    "A weight stretches the unit circle; divided by its largest singular value it stretches nothing",
    240,
    [
      text([100, 30], "inputs of length 1"),
      ring([100, 130], scale, { stroke: BLUE, width: 2 }),
      arrow([165, 130], [205, 130]),
      text([315, 30], `W: longest output ${sigma.toFixed(1)}`),
      ring([315, 130], scale, { dashed: true }),
      path(image(weight, [315, 130], scale), { stroke: ORANGE, width: 2 }),
      arrow([420, 130], [460, 130]),
      text([540, 30], "W / sigma(W): at most 1"),
      ring([540, 130], scale, { dashed: true }),
      path(
        image(
          weight.map((w) => w / sigma),
          [540, 130],
          scale,
        ),
        { stroke: BLUE, width: 2 },
      ),
      text([320, 226], "the circle of length 1 is dashed", { size: 11, fill: GRAY }),
    ],
  );
}

export function attentionPicture(): string {
  const side = 8;
  const at = (row: number, column: number) => [250 + column * 18 + 9, 50 + row * 18 + 9] as const;
  const query = [2, 1] as const;
  const attended = [
    [2, 6, 0.9],
    [5, 5, 0.6],
    [6, 2, 0.4],
    [1, 2, 0.3],
    [4, 0, 0.2],
  ] as const;
  const weightOf = (row: number, column: number): number =>
    attended.find(([r, c]) => r === row && c === column)?.[2] ?? 0.03;
  const cells = Array.from({ length: side * side }, (_, i) => {
    const [row, column] = [Math.floor(i / side), i % side];
    const isQuery = row === query[0] && column === query[1];
    const shade = Math.round(255 - 200 * weightOf(row, column));
    return box([250 + column * 18, 50 + row * 18], 17, 17, isQuery ? ORANGE : `rgb(${shade},${shade},255)`, "#e3e6ea");
  });
  return picture("Self-attention: one place of the feature maps sees all other places, each with its own weight", 240, [
    text([320, 30], "feature maps of 8 x 8"),
    ...cells,
    ...attended.map(([r, c, w]) => line(at(...query), at(r, c), { stroke: BLUE, width: 0.5 + 3 * w })),
    box([440, 80], 14, 14, ORANGE),
    text([462, 92], "one place, the query", { anchor: "start", size: 12 }),
    box([440, 108], 14, 14, "rgb(75,75,255)"),
    text([462, 120], "places it attends to", { anchor: "start", size: 12 }),
    text([130, 92], "softmax over all places", { size: 12 }),
    text([130, 112], "of <query, key>", { size: 12 }),
    text([320, 222], "a 3 x 3 convolution sees the nearest places only", { size: 11, fill: GRAY }),
  ]);
}

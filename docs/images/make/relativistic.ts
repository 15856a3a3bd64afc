/** Losses of single scores and of pairs. */
import { arrow, BLUE, dot, GRAY, line, ORANGE, picture, text } from "./drawing.ts";

const real = [0.35, 0.8, 0.42, 0.95];
const fake = [0.1, 0.45, 0.66, 0.25];

function panel(left: number, title: string, link: (row: number, place: (score: number) => number) => string): string[] {
  const place = (score: number): number => left + 20 + 220 * score;
  const rows = real.map((_, i) => 76 + i * 34);
  return [
    text([left + 130, 30], title),
    ...rows.map((y) => line([place(0), y], [place(1), y], { stroke: "#e3e6ea", width: 1 })),
    ...rows.map((_, i) => link(i, place)),
    ...rows.map((y, i) => dot([place(real[i]!), y], BLUE, 6)),
    ...rows.map((y, i) => dot([place(fake[i]!), y], ORANGE, 6)),
    arrow([place(0), 206], [place(1), 206]),
    text([left + 130, 224], "score", { size: 12 }),
  ];
}

export function relativisticPicture(): string {
  return picture(
    "Usual losses compare each score with a fixed margin, relativistic losses the two scores of a pair",
    262,
    [
      ...panel(24, "usual losses", (i, place) =>
        [
          line([place(0.5), 60], [place(0.5), 190], { dashed: true }),
          ...[real[i]!, fake[i]!].map((s) => line([place(0.5), 76 + i * 34], [place(s), 76 + i * 34], { width: 3 })),
        ].join("\n"),
      ),
      ...panel(350, "relativistic: pairs", (i, place) =>
        line([place(fake[i]!), 76 + i * 34], [place(real[i]!), 76 + i * 34], {
          stroke: real[i]! > fake[i]! ? GRAY : "#cc79a7",
          width: 3,
        }),
      ),
      dot([222, 248], BLUE, 6),
      text([234, 252], "real", { anchor: "start", size: 12 }),
      dot([282, 248], ORANGE, 6),
      text([294, 252], "generated", { anchor: "start", size: 12 }),
      line([382, 248], [404, 248], { stroke: "#cc79a7", width: 3 }),
      text([410, 252], "wrong order", { anchor: "start", size: 12 }),
    ],
  );
}

/** Batch norm and virtual batch norm: which samples the statistics of one sample come from. */
import { arrow, BLUE, box, GRAY, ORANGE, picture, text } from "./drawing.ts";

const names = ["x1", "x2", "x3", "x4"];

const cell = (x: number, y: number, name: string, fill: string): string[] => [
  box([x, y], 44, 30, fill),
  text([x + 22, y + 20], name, { fill: "#ffffff" }),
];

export function virtualBatchNormPicture(): string {
  const rows = names.map((_, i) => 56 + i * 44);
  return picture("Batch norm takes statistics of the whole batch, virtual batch norm of a fixed reference batch", 250, [
    text([150, 30], "batch norm"),
    ...names.flatMap((name, i) => cell(30, rows[i]!, name, BLUE)),
    box([120, 106], 80, 46, "#ffffff", GRAY),
    text([160, 126], "mean, var", { size: 12 }),
    text([160, 143], "of the batch", { size: 11 }),
    ...rows.map((y) => arrow([78, y + 15], [116, 129])),
    ...rows.map((y) => arrow([204, 129], [242, y + 15])),
    ...names.flatMap((name, i) => cell(246, rows[i]!, `${name}'`, BLUE)),
    text([480, 30], "virtual batch norm"),
    ...names.flatMap((name, i) => cell(350, rows[i]!, name, BLUE)),
    ...rows.map((y) => arrow([398, y + 15], [558, y + 15], { stroke: BLUE })),
    ...names.flatMap((name, i) => cell(562, rows[i]!, `${name}'`, BLUE)),
    box([436, 56], 80, 162, "#fdf0e7", ORANGE),
    text([476, 116], "reference", { size: 12 }),
    text([476, 133], "batch, chosen", { size: 11 }),
    text([476, 149], "once", { size: 11 }),
  ]);
}

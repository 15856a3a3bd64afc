/** Scores as text for a terminal. */
import { counted } from "../../base/counted.ts";
import type { Drawing, RealSide, Score } from "../../metrics/index.ts";
import { significant, valueText } from "../progress.ts";
import { padded, textWidth } from "../text-width.ts";

/** Rows with their columns aligned to the left, each as wide as its widest cell. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => textWidth(row[column]!))));
  return rows.map((row) => `  ${row.map((cell, column) => padded(cell, widths[column]!)).join("  ")}`.trimEnd());
}

/** The table of an evaluation's scores, and below it the values that one was extrapolated from. */
export function scoresTable(scores: readonly Score[]): string[] {
  const rows = scores.map((score) => [
    score.name,
    valueText(score),
    `${score.better} is better${score.over === undefined ? "" : `; ± over ${score.over}`}`,
  ]);
  const curves = scores.flatMap(({ name, points }) =>
    points === undefined
      ? []
      : [
          "",
          `  ${name} is extrapolated from:`,
          ...points.map(([count, value]) => `    ${counted(count, "image")}  ${significant(value)}`),
        ],
  );
  return [...aligned(rows), ...curves];
}

function standingText({ batches, batchSize }: NonNullable<Drawing["standing"]>): string {
  return `standing statistics of ${counted(batches, "batch", "batches")} of ${batchSize}`;
}

function realText({ count, name, hash, hashed, statistics }: RealSide): string {
  const images = count === null ? name : `${counted(count, "image")} of ${name}`;
  const known = hashed === undefined ? "" : ` (files known by ${hashed})`;
  return `${images}, ${hash.slice(0, 12)}${known}${statistics === undefined ? "" : `: ${statistics}`}`;
}

const featuresText = ({ features, featuresHash }: Score["protocol"]): string =>
  featuresHash === "none" ? features : `${features}, weights ${featuresHash.slice(0, 12)}`;

/** The protocol of the scores, one line per setting. */
export function protocolLines(scores: readonly Score[]): string[] {
  const { protocol } = scores.find(({ protocol }) => protocol.drawing !== null) ?? scores[0]!;
  const real = scores.find((score) => score.protocol.real)?.protocol.real;
  const unique = (list: readonly string[]): string => [...new Set(list)].join("; ");
  const { drawing } = protocol;
  const drawn = drawing && [
    drawing.averaged ? "averaged weights" : "weights of the step",
    `${drawing.mode} mode`,
    ...(drawing.standing ? [standingText(drawing.standing)] : []),
    ...(drawing.truncation === null ? [] : [`truncation ${drawing.truncation}`]),
    ...(drawing.labels === "none" ? [] : [`labels ${drawing.labels}`]),
  ];
  const options = scores.flatMap(({ name, protocol: { options } }) => {
    const list = Object.entries(options).map(([key, value]) => `${key} ${String(value)}`);
    return list.length > 0 ? [`${name}: ${list.join(", ")}`] : [];
  });
  const rows: [string, string][] = [
    ["features", unique(scores.map(({ protocol }) => featuresText(protocol)))],
    ["resizer", unique(scores.map(({ protocol: { resizer } }) => resizer))],
    ["quantiser", protocol.quantiser],
    ["images", `${counted(protocol.fakeCount, "image")}${drawn ? `; ${drawn.join(", ")}` : ""}`],
    ["real", real ? realText(real) : "none"],
    ...(options.length > 0 ? [["options", [...new Set(options)].join("; ")] as [string, string]] : []),
    ["seeds", protocol.seeds.join(", ")],
  ];
  return aligned(rows);
}

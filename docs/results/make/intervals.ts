/** Differences as a figure: a row each, a dot at the mean, a bar over the 95 % confidence interval, a line at 0. */
import { COLOURS, escapeXml, FONT, roundNumbers } from "../../../src/figures/index.ts";

export interface IntervalRow {
  readonly name: string;
  readonly mean: number;
  readonly halfWidth: number;
  /** The difference stays apart from 0 after the correction: it is drawn in the second colour. */
  readonly shown: boolean;
}

const PLOT = 420;
/** Of a letter, in the font and size of the names. */
const LETTER = 7.3;
const ROW = 22;
const [QUIET, SHOWN] = COLOURS;

/** The figure as an SVG document on white. `better` says on which side of 0 the better results lie. */
export function intervalFigure(title: string, better: "left" | "right", rows: readonly IntervalRow[]): string {
  const ends = rows.flatMap(({ mean, halfWidth }) => [mean - halfWidth, mean + halfWidth]);
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const room = 0.05 * (high - low);
  const left = Math.ceil(Math.max(...rows.map(({ name }) => name.length)) * LETTER) + 24;
  const width = Math.max(left + PLOT + 20, Math.ceil(title.length * LETTER * 1.17) + 40);
  const scale = (width - left - 20) / (high - low + 2 * room);
  const x = (value: number): string => (left + (value - low + room) * scale).toFixed(1);
  const bottom = 50 + rows.length * ROW;
  const lines = rows.flatMap(({ name, mean, halfWidth, shown }, i) => {
    const y = 50 + (i + 0.5) * ROW;
    const colour = shown ? SHOWN : QUIET;
    return [
      `<text x="${left - 12}" y="${y + 4}" text-anchor="end">${escapeXml(name)}</text>`,
      `<line x1="${x(mean - halfWidth)}" x2="${x(mean + halfWidth)}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="2"/>`,
      `<circle cx="${x(mean)}" cy="${y}" r="4" fill="${colour}"/>`,
    ];
  });
  const side =
    better === "left"
      ? `<text x="${x(0)}" y="42" dx="-8" text-anchor="end" fill="#555">← better</text>`
      : `<text x="${x(0)}" y="42" dx="8" fill="#555">better →</text>`;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${bottom + 34}" viewBox="0 0 ${width} ${bottom + 34}" font-family="${FONT}" font-size="12">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${width / 2}" y="20" text-anchor="middle" font-size="14">${escapeXml(title)}</text>`,
    side,
    `<line x1="${x(0)}" x2="${x(0)}" y1="50" y2="${bottom}" stroke="#555"/>`,
    `<line x1="${left}" x2="${width - 20}" y1="${bottom}" y2="${bottom}" stroke="#555"/>`,
    ...roundNumbers(low - room, high + room).map(
      (value) => `<text x="${x(value)}" y="${bottom + 18}" text-anchor="middle" fill="#555">${value}</text>`,
    ),
    ...lines,
    "</svg>",
  ].join("\n")}\n`;
}

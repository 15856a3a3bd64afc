/** The style that the schematic pictures of docs/ share, as functions that give SVG elements. All lengths are pixels. */
import { COLOURS } from "../../../src/figures/index.ts";

export const [BLUE, ORANGE, GREEN] = COLOURS as [string, string, string];
export const INK = "#24292f";
export const GRAY = "#8c939b";

type Point = readonly [x: number, y: number];

/** Lengths with a tenth of a pixel, so that rounding on another machine changes nothing. */
const n = (value: number): string => String(Math.round(value * 10) / 10 + 0);

const escaped = (words: string): string => words.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** A whole picture on white, 640 wide unless said otherwise. `title` is read out where the picture cannot be seen. */
export function picture(title: string, height: number, elements: readonly string[], width = 640): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="DejaVu Sans, Verdana, sans-serif" font-size="13">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>`,
    ...elements,
    "</svg>",
    "",
  ].join("\n");
}

interface Words {
  readonly anchor?: "start" | "middle" | "end";
  readonly fill?: string;
  readonly size?: number;
}

export const text = ([x, y]: Point, words: string, { anchor = "middle", fill = INK, size = 13 }: Words = {}): string =>
  `<text x="${n(x)}" y="${n(y)}" text-anchor="${anchor}" fill="${fill}" font-size="${size}">${escaped(words)}</text>`;

interface Stroke {
  readonly stroke?: string;
  readonly width?: number;
  readonly dashed?: boolean;
  readonly opacity?: number;
}

const strokeOf = ({ stroke = GRAY, width = 1.5, dashed = false, opacity = 1 }: Stroke): string =>
  `stroke="${stroke}" stroke-width="${n(width)}"${dashed ? ' stroke-dasharray="4 4"' : ""}${opacity === 1 ? "" : ` stroke-opacity="${n(opacity)}"`}`;

export const line = (from: Point, to: Point, stroke: Stroke = {}): string =>
  `<line x1="${n(from[0])}" y1="${n(from[1])}" x2="${n(to[0])}" y2="${n(to[1])}" ${strokeOf(stroke)}/>`;

export const path = (points: readonly Point[], stroke: Stroke = {}): string =>
  `<polyline points="${points.map(([x, y]) => `${n(x)},${n(y)}`).join(" ")}" fill="none" ${strokeOf(stroke)}/>`;

export const dot = ([x, y]: Point, fill: string, radius = 4): string =>
  `<circle cx="${n(x)}" cy="${n(y)}" r="${n(radius)}" fill="${fill}"/>`;

export const ring = ([x, y]: Point, radius: number, stroke: Stroke = {}): string =>
  `<circle cx="${n(x)}" cy="${n(y)}" r="${n(radius)}" fill="none" ${strokeOf(stroke)}/>`;

export const box = ([x, y]: Point, width: number, height: number, fill: string, stroke?: string): string =>
  `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="3" fill="${fill}"${stroke === undefined ? "" : ` stroke="${stroke}"`}/>`;

/** A line with a head at its end. */
export function arrow(from: Point, to: Point, stroke: Stroke = {}): string {
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const side = (turn: number): Point => [to[0] - 8 * Math.cos(angle + turn), to[1] - 8 * Math.sin(angle + turn)];
  return [line(from, to, stroke), path([side(0.45), to, side(-0.45)], stroke)].join("\n");
}

interface Axes {
  readonly at: Point;
  readonly width: number;
  readonly height: number;
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
  readonly xName: string;
  readonly title: string;
}

/** Axes with ticks, and `place`, which takes values to pixels. `at` is the upper left corner of the plot. */
export function axes(options: Axes): { readonly elements: readonly string[]; place(x: number, y: number): Point } {
  const { at, width, height, x, y, xTicks, yTicks, xName, title } = options;
  const place = (a: number, b: number): Point => [
    at[0] + ((a - x[0]) / (x[1] - x[0])) * width,
    at[1] + height - ((b - y[0]) / (y[1] - y[0])) * height,
  ];
  const elements = [
    ...yTicks.map((tick) => line(place(x[0], tick), place(x[1], tick), { stroke: "#dbdee4", width: 1 })),
    ...yTicks.map((tick) => text([at[0] - 6, place(0, tick)[1] + 4], String(tick), { anchor: "end", size: 11 })),
    ...xTicks.map((tick) =>
      text([place(tick, 0)[0], at[1] + height + 16], tick.toLocaleString("en"), { anchor: "middle", size: 11 }),
    ),
    line(place(x[0], y[0]), place(x[1], y[0]), { stroke: INK, width: 1 }),
    text([at[0] + width / 2, at[1] + height + 34], xName, { size: 12 }),
    text([at[0] + width / 2, at[1] - 12], title),
  ];
  return { elements, place };
}

/** A curve through `count` + 1 values of a function between two ends. */
export function curve(
  place: (x: number, y: number) => Point,
  [from, to]: readonly [number, number],
  value: (x: number) => number,
  stroke: Stroke,
  count = 120,
): string {
  const points = Array.from({ length: count + 1 }, (_, i) => from + ((to - from) * i) / count);
  return path(
    points.map((x) => place(x, value(x))),
    { width: 2, ...stroke },
  );
}

/** Numbers of U(0, 1), the same in every run: a linear congruential generator (Numerical Recipes' constants). */
export function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (1664525 * state + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

/** A point of N(0, 1) along both axes (Box and Muller). */
export function normalPoint(random: () => number): Point {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  const angle = 2 * Math.PI * random();
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

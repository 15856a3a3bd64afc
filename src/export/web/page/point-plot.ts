/** Points of the plane on a canvas: of a vector its first two numbers. */
import type { PageSettings } from "../settings.ts";
import { element } from "./dom.ts";

/** [x, y]. */
export type Point = readonly [number, number];

/** What is drawn. */
export interface Points {
  readonly samples: readonly Point[];
  /** A line through points, and the place on it that is shown. */
  readonly path?: readonly Point[];
  readonly place?: Point;
}

/** Pixels of a side; the page shows them at half the size or more. */
const SIDE = 960;

/** The first two numbers of vectors [N, features]. */
export function pointsOf(values: Float32Array, features: number): Point[] {
  return Array.from({ length: values.length / features }, (_, i) => [
    values[i * features]!,
    features > 1 ? values[i * features + 1]! : 0,
  ]);
}

/** A square plot with the colours of the page, drawn again when these change. */
export class PointPlot {
  readonly canvas: HTMLCanvasElement;
  readonly #mixture: PageSettings["mixture"];
  #shown: Points = { samples: [] };
  #frame: { readonly x: number; readonly y: number; readonly size: number } | undefined;

  constructor({ mixture }: PageSettings, label: string) {
    this.canvas = element("canvas", { class: "large", role: "img", "aria-label": label, width: SIDE, height: SIDE });
    this.#mixture = mixture;
    if (mixture !== undefined) this.#frame = frameAround(mixture.centres as readonly Point[], 12 * mixture.sigma);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.show(this.#shown));
  }

  /** The samples that are shown. */
  get samples(): readonly Point[] {
    return this.#shown.samples;
  }

  /** Draws points. */
  show(points: Points): void {
    this.#shown = points;
    this.#frame ??= frameAround(points.samples, 0.15 * extent(points.samples));
    const context = this.canvas.getContext("2d")!;
    const style = getComputedStyle(this.canvas);
    const colour = (name: string): string => style.getPropertyValue(name);
    context.fillStyle = colour("--card");
    context.fillRect(0, 0, SIDE, SIDE);
    context.strokeStyle = colour("--line-strong");
    context.lineWidth = 2;
    for (const centre of this.#mixture?.centres ?? []) {
      context.beginPath();
      context.arc(...this.#at(centre as Point), (4 * this.#mixture!.sigma * SIDE) / this.#frame.size, 0, 2 * Math.PI);
      context.stroke();
    }
    context.fillStyle = colour(points.path === undefined ? "--accent" : "--line-strong");
    context.globalAlpha = 0.55;
    for (const sample of points.samples) dot(context, this.#at(sample), 4);
    context.globalAlpha = 1;
    if (points.path === undefined || points.place === undefined) return;
    context.strokeStyle = colour("--accent");
    context.lineWidth = 4;
    context.beginPath();
    for (const point of points.path) context.lineTo(...this.#at(point));
    context.stroke();
    context.fillStyle = colour("--accent");
    for (const end of [points.path[0]!, points.path.at(-1)!]) dot(context, this.#at(end), 8);
    context.fillStyle = colour("--ink");
    dot(context, this.#at(points.place), 14);
  }

  /** The number of the sample that is nearest to a place in the window; undefined where there are none. */
  nearest(clientX: number, clientY: number): number | undefined {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const [x, y] = [((clientX - left) / width) * SIDE, ((clientY - top) / height) * SIDE];
    let [found, least]: [number | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
    for (const [i, sample] of this.#shown.samples.entries()) {
      const [sampleX, sampleY] = this.#at(sample);
      const distance = (sampleX - x) ** 2 + (sampleY - y) ** 2;
      if (distance < least) [found, least] = [i, distance];
    }
    return found;
  }

  #at([x, y]: Point): [number, number] {
    const frame = this.#frame!;
    return [((x - frame.x) / frame.size) * SIDE, SIDE - ((y - frame.y) / frame.size) * SIDE];
  }
}

function dot(context: CanvasRenderingContext2D, at: readonly [number, number], radius: number): void {
  context.beginPath();
  context.arc(...at, radius, 0, 2 * Math.PI);
  context.fill();
}

function limits(points: readonly Point[], axis: 0 | 1): [number, number] {
  const values = points.map((point) => point[axis]).filter(Number.isFinite);
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ] as [number, number]);
}

function extent(points: readonly Point[]): number {
  const sizes = ([0, 1] as const).map((axis) => limits(points, axis)).map(([low, high]) => high - low);
  return Math.max(1e-6, ...sizes);
}

/** The square around points, with a margin. */
function frameAround(points: readonly Point[], margin: number): { x: number; y: number; size: number } {
  const size = extent(points) + 2 * margin;
  const [x, y] = ([0, 1] as const).map((axis) => {
    const [low, high] = limits(points, axis);
    return (low + high - size) / 2;
  }) as [number, number];
  return { x, y, size };
}

/** Trajectories in the plane as lines from a dot to a ring, in one or more panels, around a marked point. */

import { COLOURS } from "./colours.ts";
import { type Frame, panelGrid } from "./panels.ts";

/** One trajectory. */
export interface Way {
  /** [x, y] each, in order. */
  readonly points: readonly (readonly number[])[];
  /** Where it ended, if the points stop before; default: the last point. */
  readonly end?: readonly number[] | undefined;
}

/** One panel. */
export interface TrajectoryPanel {
  readonly ways: readonly Way[];
  /** The title above the panel. */
  readonly title?: string | undefined;
}

/** What {@link trajectories} draws. */
export interface TrajectoriesOptions {
  readonly panels: readonly TrajectoryPanel[];
  /** The square of the plane that every panel shows. */
  readonly frame: Frame;
  /** A point that is marked with a cross. */
  readonly mark?: readonly [number, number] | undefined;
  /** Panels in a row; default: all. */
  readonly columns?: number | undefined;
  /** Side of a panel in pixels; default 220. */
  readonly side?: number | undefined;
}

/** Black is the cross's, and yellow is faint in a thin line. */
const LINES = COLOURS.slice(0, 6);

/**
 * Trajectories on white, as an SVG document: a filled dot at the start, a ring at the end, a black cross at the marked
 * point. Lines are cut off at the frame; an end outside it is not drawn.
 *
 * @example
 * const ways = [{ points: [[1, 0], [0.5, 0.5], [0, 0]] }];
 * writeFileSync("ways.svg", trajectories({ panels: [{ ways, title: "plain" }], frame: { x: -2, y: -2, size: 4 } }));
 */
export function trajectories({ panels, frame, mark, columns, side = 220 }: TrajectoriesOptions): string {
  const scale = side / frame.size;
  const place = (point: readonly number[]): [number, number] => [
    (point[0]! - frame.x) * scale,
    side - (point[1]! - frame.y) * scale,
  ];
  const text = (point: readonly number[]): string =>
    place(point)
      .map((value) => value.toFixed(1))
      .join(" ");
  const circle = (point: readonly number[] | undefined, style: string): string => {
    const [x, y] = place(point ?? [Number.NaN, Number.NaN]);
    const inside = x >= 0 && x <= side && y >= 0 && y <= side;
    return inside ? `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" ${style}/>` : "";
  };
  // Nested documents cut off what lies outside them.
  const clipped = (content: string): string => `<svg width="${side}" height="${side}">${content}</svg>`;
  const drawn = panels.map(({ ways, title }) => {
    const lines = ways.map(({ points }, i) => {
      const colour = LINES[i % LINES.length];
      const finite = points.filter((point) => point.every(Number.isFinite));
      return `<path d="M${finite.map(text).join("L")}" stroke="${colour}" stroke-width="1" stroke-opacity="0.75" fill="none"/>`;
    });
    const ends = ways.map(({ points, end }, i) => {
      const colour = LINES[i % LINES.length];
      const last = circle(end ?? points.at(-1), `r="4" fill="#ffffff" stroke="${colour}" stroke-width="2"`);
      return circle(points[0], `r="3.5" fill="${colour}"`) + last;
    });
    const [x, y] = place(mark ?? [0, 0]);
    const cross = `<path d="M${x - 5} ${y}h10M${x} ${y - 5}v10" stroke="#000000" stroke-width="1.5"/>`;
    return { content: clipped([...lines, ...ends, mark === undefined ? "" : cross].join("")), title };
  });
  return panelGrid(drawn, { side, columns });
}

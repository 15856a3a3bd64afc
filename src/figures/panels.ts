/** Square panels of one size in rows, each with a title: the layout of figures that show the plane. */
import { FONT } from "./fonts.ts";
import { escapeXml } from "./xml.ts";

/** One panel: its content as SVG, from its upper left corner, and its title. */
export interface Panel {
  readonly content: string;
  readonly title?: string | undefined;
}

/** How panels are laid out. */
export interface PanelOptions {
  /** Side of a panel in pixels. */
  readonly side: number;
  /** Panels in a row; default: all. */
  readonly columns?: number | undefined;
}

/** A square of the plane: its lower left corner and its side. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

const MARGIN = 8;
const TITLE = 20;

/** The square around points, with `room` on every side. */
export function frameAround(points: readonly (readonly number[])[], room: number): Frame {
  const range = (axis: number): [number, number] => {
    const values = points.map((point) => point[axis]!);
    return [
      values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
      values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
    ];
  };
  const [[left, right], [bottom, top]] = [range(0), range(1)];
  const size = Math.max(right - left, top - bottom) + 2 * room;
  return { x: (left + right - size) / 2, y: (bottom + top - size) / 2, size };
}

/** The square that shows all modes of a mixture with room around them. */
export function frameOfModes({ centres, sigma }: Modes): Frame {
  const bare = frameAround(centres, 0);
  return frameAround(centres, Math.max(bare.size * 0.15, 8 * sigma));
}

/** Modes, to be drawn as circles of 4 sigma. */
export interface Modes {
  readonly centres: readonly (readonly number[])[];
  readonly sigma: number;
}

/** Circles of 4 sigma around the modes. */
export function modeCircles({ centres, sigma }: Modes, frame: Frame, side: number): string {
  const scale = side / frame.size;
  const circles = centres.map(([x, y]) => {
    const [cx, cy] = [(x! - frame.x) * scale, side - (y! - frame.y) * scale];
    return `<circle cx="${cx.toFixed(1)}" cy="${cy.toFixed(1)}" r="${(4 * sigma * scale).toFixed(2)}"/>`;
  });
  return `<g fill="none" stroke="#e07b39" stroke-width="1">${circles.join("")}</g>`;
}

/** The SVG document with the panels on white. */
export function panelGrid(panels: readonly Panel[], { side, columns = panels.length }: PanelOptions): string {
  const across = Math.min(columns, panels.length);
  const above = panels.some(({ title }) => title !== undefined) ? TITLE : 0;
  const width = MARGIN + across * (side + MARGIN);
  const height = MARGIN + Math.ceil(panels.length / across) * (side + above + MARGIN);
  const parts = panels.map(({ content, title }, i) => {
    const left = MARGIN + (i % across) * (side + MARGIN);
    const top = MARGIN + above + Math.floor(i / across) * (side + above + MARGIN);
    const text =
      title === undefined
        ? ""
        : `<text x="${side / 2}" y="-6" text-anchor="middle" font-size="13">${escapeXml(title)}</text>`;
    const border = `<rect width="${side}" height="${side}" fill="none" stroke="#bbbbbb"/>`;
    return `<g transform="translate(${left} ${top})">${content}${border}${text}</g>`;
  });
  const size = `width="${width}" height="${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${width} ${height}" font-family="${FONT}"><rect ${size} fill="#ffffff"/>${parts.join("")}</svg>`;
}

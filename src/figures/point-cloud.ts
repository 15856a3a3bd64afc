/** Samples in the plane as dots, in one panel or several side by side, over the modes that they should hit. */
import { FONT } from "./fonts.ts";
import { escapeXml } from "./xml.ts";

/** One panel. */
export interface CloudPanel {
  /** [x, y] each. */
  readonly points: readonly (readonly number[])[];
  /** Stands above the panel. */
  readonly title?: string | undefined;
}

/** What {@link pointCloud} draws. */
export interface PointCloudOptions {
  readonly panels: readonly CloudPanel[];
  /** The true modes: each is drawn as a circle of 4 sigma, and the panels show all of them. */
  readonly mixture?: { readonly centres: readonly (readonly number[])[]; readonly sigma: number } | undefined;
  /** Panels in a row; default: all. */
  readonly columns?: number | undefined;
  /** Side of a panel in pixels; default 480. */
  readonly side?: number | undefined;
}

const MARGIN = 8;
const TITLE = 20;
const MODE_SIGMAS = 4;

/** The square that shows all modes with room around them; the points' own where no modes are known. */
function frameOf({ panels, mixture }: PointCloudOptions): { x: number; y: number; size: number } {
  const finite = panels.flatMap(({ points }) => points.filter((point) => point.every(Number.isFinite)));
  const shown = mixture?.centres ?? (finite.length > 0 ? finite : [[0, 0]]);
  const range = (axis: number): [number, number] => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const point of shown) {
      low = Math.min(low, point[axis]!);
      high = Math.max(high, point[axis]!);
    }
    return [low, high];
  };
  const [[left, right], [bottom, top]] = [range(0), range(1)];
  const extent = Math.max(right - left, top - bottom);
  const room = mixture ? Math.max(extent * 0.15, 8 * mixture.sigma) : Math.max(extent * 0.05, 1e-6);
  const size = extent + 2 * room;
  return { x: (left + right - size) / 2, y: (bottom + top - size) / 2, size };
}

/**
 * Scatter plots on white, as an SVG document. Points outside a panel's frame are left out; their number stands in the
 * panel's corner.
 *
 * @example
 * writeFileSync("samples.svg", pointCloud({ panels: [{ points: [[0, 0], [1, 1]], title: "step 500" }] }));
 */
export function pointCloud(options: PointCloudOptions): string {
  const { panels, mixture, side = 480 } = options;
  const columns = Math.min(options.columns ?? panels.length, panels.length);
  const rows = Math.ceil(panels.length / columns);
  const above = panels.some(({ title }) => title !== undefined) ? TITLE : 0;
  const frame = frameOf(options);
  const scale = side / frame.size;
  const width = MARGIN + columns * (side + MARGIN);
  const height = MARGIN + rows * (side + above + MARGIN);
  const parts = panels.map(({ points, title }, i) => {
    const left = MARGIN + (i % columns) * (side + MARGIN);
    const top = MARGIN + above + Math.floor(i / columns) * (side + above + MARGIN);
    const place = (point: readonly number[]): [number, number] => [
      (point[0]! - frame.x) * scale,
      side - (point[1]! - frame.y) * scale,
    ];
    const circles = (mixture?.centres ?? []).map((centre) => {
      const [x, y] = place(centre);
      return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${(MODE_SIGMAS * mixture!.sigma * scale).toFixed(2)}"/>`;
    });
    const inside = points.map(place).filter(([x, y]) => x >= 0 && x <= side && y >= 0 && y <= side);
    // One path for all dots: a round cap on a line of no length.
    const dots = inside.map(([x, y]) => `M${x.toFixed(1)} ${y.toFixed(1)}h0`).join("");
    const outside = points.length - inside.length;
    return [
      `<g transform="translate(${left} ${top})">`,
      `<rect width="${side}" height="${side}" fill="#ffffff" stroke="#bbbbbb"/>`,
      `<g fill="none" stroke="#e07b39" stroke-width="1">${circles.join("")}</g>`,
      `<path d="${dots}" stroke="#1f4e8c" stroke-opacity="0.45" stroke-width="2.4" stroke-linecap="round" fill="none"/>`,
      title === undefined
        ? ""
        : `<text x="${side / 2}" y="-6" text-anchor="middle" font-size="13">${escapeXml(title)}</text>`,
      outside > 0 && above > 0
        ? `<text x="${side - 4}" y="${side - 5}" text-anchor="end" font-size="11" fill="#777777">${outside} outside</text>`
        : "",
      "</g>",
    ].join("");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}"><rect width="${width}" height="${height}" fill="#ffffff"/>${parts.join("")}</svg>`;
}

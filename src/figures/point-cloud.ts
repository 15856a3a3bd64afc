/** Samples in the plane as dots, in one panel or several side by side, over the modes that they should hit. */
import { type Frame, frameAround, frameOfModes, type Modes, modeCircles, panelGrid } from "./panels.ts";

/** One panel. */
export interface CloudPanel {
  /** [x, y] each. */
  readonly points: readonly (readonly number[])[];
  /** The title above the panel. */
  readonly title?: string | undefined;
}

/** What {@link pointCloud} draws. */
export interface PointCloudOptions {
  readonly panels: readonly CloudPanel[];
  /** The true modes: each is drawn as a circle of 4 sigma, and the panels show all of them. Default: none. */
  readonly mixture?: Modes | undefined;
  /** Panels in a row; default: all. */
  readonly columns?: number | undefined;
  /** Side of a panel in pixels; default 480. */
  readonly side?: number | undefined;
}

/** The points' own square where no modes are known. */
function frameOfPoints(panels: readonly CloudPanel[]): Frame {
  const finite = panels.flatMap(({ points }) => points.filter((point) => point.every(Number.isFinite)));
  const shown = finite.length > 0 ? finite : [[0, 0]];
  return frameAround(shown, Math.max(frameAround(shown, 0).size * 0.05, 1e-6));
}

/**
 * Scatter plots on white, as an SVG document. Points outside a panel's frame are left out, and their number stands in
 * the corner.
 *
 * @example
 * writeFileSync("samples.svg", pointCloud({ panels: [{ points: [[0, 0], [1, 1]], title: "step 500" }] }));
 */
export function pointCloud({ panels, mixture, columns, side = 480 }: PointCloudOptions): string {
  const frame = mixture ? frameOfModes(mixture) : frameOfPoints(panels);
  const scale = side / frame.size;
  const drawn = panels.map(({ points, title }) => {
    const placed = points.map(
      (point) => [(point[0]! - frame.x) * scale, side - (point[1]! - frame.y) * scale] as const,
    );
    const inside = placed.filter(([x, y]) => x >= 0 && x <= side && y >= 0 && y <= side);
    // One path for all dots: a round cap on a line of no length.
    const dots = inside.map(([x, y]) => `M${x.toFixed(1)} ${y.toFixed(1)}h0`).join("");
    const outside = points.length - inside.length;
    const note = `<text x="${side - 4}" y="${side - 5}" text-anchor="end" font-size="11" fill="#666666" stroke="#ffffff" stroke-width="3" paint-order="stroke">${outside} outside</text>`;
    const content = [
      mixture ? modeCircles(mixture, frame, side) : "",
      `<path d="${dots}" stroke="#1f4e8c" stroke-opacity="0.45" stroke-width="2.4" stroke-linecap="round" fill="none"/>`,
      outside > 0 ? note : "",
    ].join("");
    return { content, title };
  });
  return panelGrid(drawn, { side, columns });
}

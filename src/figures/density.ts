/** Densities in the plane: how many samples fall into each cell of a square lattice, as shades of blue. */
import { encodePng } from "../formats/index.ts";
import { type Frame, frameOfModes, type Modes, modeCircles, panelGrid } from "./panels.ts";

/** Counts over the cells of a square lattice, row by row from the lower left. Cells that are not listed are empty. */
export interface Lattice {
  readonly frame: Frame;
  /** Cells along a side. */
  readonly cells: number;
  /** [cell, samples] each. */
  readonly counts: readonly (readonly [number, number])[];
  /** The number of all samples, including those outside the frame. */
  readonly total: number;
}

/** What {@link densityPanels} draws. */
export interface DensityOptions {
  readonly panels: readonly { readonly lattice: Lattice; readonly title?: string | undefined }[];
  readonly mixture: Modes;
  /** Panels in a row; default: all. */
  readonly columns?: number | undefined;
  /** Side of a panel in pixels; default 320. */
  readonly side?: number | undefined;
}

/** Counts samples over a lattice that shows all modes. */
export function latticeOf(points: Iterable<readonly number[]>, mixture: Modes, cells = 128): Lattice {
  const frame = frameOfModes(mixture);
  const counts = new Map<number, number>();
  let total = 0;
  for (const [x, y] of points) {
    total++;
    const [column, row] = [(x! - frame.x) / frame.size, (y! - frame.y) / frame.size].map((t) => Math.floor(t * cells));
    if (column! < 0 || column! >= cells || row! < 0 || row! >= cells || !Number.isFinite(x! + y!)) continue;
    const cell = row! * cells + column!;
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  return { frame, cells, counts: [...counts].sort(([a], [b]) => a - b), total };
}

const PAPER = [255, 255, 255] as const;
const INK = [8, 48, 107] as const;

/** The lattice as a PNG. A shade is the square root of a share, so that single samples between the modes stay visible. */
async function latticePng({ cells, counts, total }: Lattice, most: number): Promise<string> {
  const data = new Uint8Array(cells * cells * 3).fill(255);
  for (const [cell, count] of counts) {
    const shade = Math.min(1, Math.sqrt(count / total / most));
    const pixel = ((cells - 1 - Math.floor(cell / cells)) * cells + (cell % cells)) * 3;
    for (let c = 0; c < 3; c++) data[pixel + c] = Math.round(PAPER[c]! + (INK[c]! - PAPER[c]!) * shade);
  }
  const png = await encodePng({ data, width: cells, height: cells, channels: 3 });
  return `data:image/png;base64,${png.toString("base64")}`;
}

/**
 * Density images on one scale of shades, as an SVG document. Shades follow the square root of the share of samples.
 *
 * @example
 * const lattice = latticeOf(samples.tolist() as number[][], mixture);
 * writeFileSync("density.svg", await densityPanels({ panels: [{ lattice, title: "top" }], mixture }));
 */
export async function densityPanels({ panels, mixture, columns, side = 320 }: DensityOptions): Promise<string> {
  const shares = panels.flatMap(({ lattice }) => lattice.counts.map(([, count]) => count / lattice.total));
  const most = shares.reduce((a, b) => Math.max(a, b), 0) || 1;
  const drawn = panels.map(async ({ lattice, title }) => {
    const image = `<image width="${side}" height="${side}" preserveAspectRatio="none" image-rendering="pixelated" href="${await latticePng(lattice, most)}"/>`;
    return { content: image + modeCircles(mixture, lattice.frame, side), title };
  });
  return panelGrid(await Promise.all(drawn), { side, columns });
}

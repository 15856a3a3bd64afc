/** Bars with whiskers in groups, in panels side by side: means with intervals by category. */
import { COLOURS } from "./colours.ts";
import { FONT } from "./fonts.ts";
import { escapeXml } from "./xml.ts";

/** One bar; without a mean nothing is drawn. */
export interface Bar {
  readonly mean: number | null;
  /** Half of the interval; without it there is no whisker. */
  readonly halfWidth: number | null;
}

/** One panel: the bars of each series, one per category. */
export interface BarPanel {
  readonly title: string;
  readonly series: readonly (readonly Bar[])[];
  /** A small text under each category. */
  readonly notes?: readonly string[] | undefined;
}

/** What {@link barPanels} draws. */
export interface BarPanelsOptions {
  readonly title: string;
  readonly categories: readonly string[];
  readonly series: readonly string[];
  readonly panels: readonly BarPanel[];
  /** Stands below the legend. */
  readonly footnote?: string | undefined;
  /** Ends of the vertical axis; default -1 and 1. */
  readonly range?: readonly [number, number] | undefined;
  /** Panels in a row; default 3. */
  readonly columns?: number | undefined;
}

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [340, 210, 40, 30, 44] as const;
const [HEAD, FOOT] = [34, 48] as const;

/**
 * Grouped bars on white, as an SVG document. The vertical axis is the same in all panels.
 *
 * @example
 * const series = [[{ mean: 0.5, halfWidth: 0.1 }]];
 * barPanels({ title: "t", categories: ["a"], series: ["x"], panels: [{ title: "p", series }] });
 */
export function barPanels(options: BarPanelsOptions): string {
  const { title, categories, series, panels, footnote, range = [-1, 1], columns = 3 } = options;
  const across = Math.min(columns, panels.length);
  const width = across * WIDTH + 16;
  const height = HEAD + Math.ceil(panels.length / across) * HEIGHT + FOOT;
  const drawn = panels.map((panel, i) => {
    const [x, y] = [(i % across) * WIDTH, HEAD + Math.floor(i / across) * HEIGHT];
    return `<g transform="translate(${x} ${y})">${panelOf(panel, categories, range)}</g>`;
  });
  const legend = series.map((name, i) => {
    const x = width / 2 + (i - series.length / 2) * 110;
    const colour = COLOURS[i % COLOURS.length]!;
    return `<rect x="${x}" y="${height - 42}" width="12" height="12" fill="${colour}"/><text x="${x + 17}" y="${height - 32}">${escapeXml(name)}</text>`;
  });
  const size = `width="${width}" height="${height}"`;
  const foot =
    footnote === undefined
      ? ""
      : `<text x="${width / 2}" y="${height - 10}" text-anchor="middle" fill="#777777">${escapeXml(footnote)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="11" fill="#333333"><rect ${size} fill="#ffffff"/><text x="${width / 2}" y="20" text-anchor="middle" font-size="14">${escapeXml(title)}</text>${drawn.join("")}${legend.join("")}${foot}</svg>`;
}

function panelOf(
  { title, series, notes }: BarPanel,
  categories: readonly string[],
  [low, high]: readonly [number, number],
): string {
  const [innerWidth, innerHeight] = [WIDTH - LEFT - 8, HEIGHT - TOP - BOTTOM];
  const at = (value: number): number =>
    TOP + ((high - Math.min(high, Math.max(low, value))) / (high - low)) * innerHeight;
  const slot = innerWidth / categories.length;
  const barWidth = (slot * 0.8) / series.length;
  const ticks = Array.from({ length: 5 }, (_, i) => low + ((high - low) * i) / 4);
  const lines = ticks.map((tick) => {
    const y = at(tick).toFixed(1);
    const strong = Math.abs(tick) < 1e-9;
    const label = `<text x="${LEFT - 5}" y="${(at(tick) + 4).toFixed(1)}" text-anchor="end">${Number(tick.toFixed(3))}</text>`;
    return `<line x1="${LEFT}" x2="${LEFT + innerWidth}" y1="${y}" y2="${y}" stroke="${strong ? "#666666" : "#e0e0e0"}"/>${label}`;
  });
  const names = categories.map((name, i) => {
    const x = (LEFT + (i + 0.5) * slot).toFixed(1);
    const note = notes?.[i];
    const small =
      note === undefined
        ? ""
        : `<text x="${x}" y="${HEIGHT - BOTTOM + 29}" text-anchor="middle" font-size="9" fill="#777777">${escapeXml(note)}</text>`;
    return `<text x="${x}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${escapeXml(name)}</text>${small}`;
  });
  const bars = series.flatMap((own, s) =>
    own.map(({ mean, halfWidth }, i) => {
      if (mean === null) return "";
      const x = LEFT + i * slot + slot * 0.1 + s * barWidth;
      const [top, bottom] = [at(Math.max(0, mean)), at(Math.min(0, mean))];
      const bar = `<rect x="${x.toFixed(1)}" y="${top.toFixed(1)}" width="${(barWidth * 0.92).toFixed(1)}" height="${Math.max(0.5, bottom - top).toFixed(1)}" fill="${COLOURS[s % COLOURS.length]}"/>`;
      if (halfWidth === null) return bar;
      const middle = (x + barWidth * 0.46).toFixed(1);
      return `${bar}<line x1="${middle}" x2="${middle}" y1="${at(mean + halfWidth).toFixed(1)}" y2="${at(mean - halfWidth).toFixed(1)}" stroke="#222222"/>`;
    }),
  );
  const heading = `<text x="${LEFT + innerWidth / 2}" y="${TOP - 8}" text-anchor="middle" font-size="12">${escapeXml(title)}</text>`;
  return [heading, ...lines, ...bars, ...names].join("");
}

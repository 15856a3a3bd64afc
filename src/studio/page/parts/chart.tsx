/**
 * A chart of curves over steps or hours. All charts of a view share the place of the pointer and the part that is zoomed
 * into. By keyboard, the arrows move along the curves, and the values are read out.
 */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { numberText } from "../data/text.ts";
import { smoothed } from "./smoothing.ts";
import { curveColour, useThemeName } from "./theme.ts";

/** One curve. */
export interface Curve {
  readonly name: string;
  /** A value at each place of the axis, null where there is none. */
  readonly values: readonly (number | null)[];
  /** The number of its colour. */
  readonly colour: number;
  /** Single points, which are drawn as such: scores. */
  readonly points?: boolean;
  /** The place of the best value. */
  readonly best?: number | undefined;
}

/** The part of the axis that is shown; null: all of it. */
export type Zoom = readonly [from: number, to: number] | null;

/** How the curves are shown. */
export interface ChartSettings {
  readonly axis: string;
  /** Weight of the moving average, 0 to 0.99. */
  readonly smoothing: number;
  readonly logarithmic: boolean;
  readonly zoom: Zoom;
  readonly onZoom: (zoom: Zoom) => void;
  /** Charts with the same key share the pointer. */
  readonly shared: string;
}

interface Props extends ChartSettings {
  readonly title: string;
  readonly note?: string | undefined;
  readonly places: readonly number[];
  readonly curves: readonly Curve[];
  readonly height?: number;
}

/** Width of a digit on an axis, in pixels. */
const DIGIT = 6.6;

/** The values of a logarithmic axis; those that have no logarithm are left out. */
const positive = (values: readonly (number | null)[]) =>
  values.map((value) => (value !== null && value > 0 ? value : null));

export function Chart({ title, note, places, curves, height = 200, ...settings }: Props) {
  const { axis, smoothing, logarithmic, zoom, onZoom, shared } = settings;
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [at, setAt] = useState<number | null>(null);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const theme = useThemeName();

  const shown = useMemo(() => curves.filter(({ name }) => !hidden.has(name)), [curves, hidden]);
  const data = useMemo(() => {
    const columns = shown.flatMap(({ values, points }) => {
      const own = logarithmic ? positive(values) : values;
      // The raw values stay visible behind the smoothed ones.
      return smoothing > 0 && !points ? [own, smoothed(own, smoothing)] : [own];
    });
    return [places, ...columns] as unknown as uPlot.AlignedData;
  }, [places, shown, smoothing, logarithmic]);

  // What the chart's own handlers see: they are made once, and the newest of these counts.
  const latest = useRef(onZoom);
  latest.current = onZoom;
  const current = useRef(shown);
  current.current = shown;
  // A chart is made again when its curves or its look change; new values alone are put into it.
  const kind = [
    theme,
    logarithmic,
    smoothing > 0,
    axis,
    shared,
    ...shown.map(({ name, colour }) => `${name}:${colour}`),
  ].join("|");
  // `kind` stands for what the options are made of.
  useEffect(() => {
    const box = element.current!;
    const style = getComputedStyle(box);
    const colours = { ink: style.getPropertyValue("--ink-2"), line: style.getPropertyValue("--line") };
    const series = shown.flatMap(({ points, colour, name }): uPlot.Series[] => {
      const stroke = curveColour(box, colour);
      const curve: uPlot.Series = {
        label: name,
        stroke,
        width: 1.75,
        spanGaps: true,
        points: points ? { show: true, size: 6, fill: stroke } : { show: false },
      };
      if (smoothing === 0 || points) return [curve];
      return [{ ...curve, alpha: 0.22, width: 1 }, curve];
    });
    const gridded = {
      stroke: colours.ink,
      font: "11px system-ui, sans-serif",
      grid: { stroke: colours.line, width: 1 },
    };
    const made = new uPlot(
      {
        width: box.clientWidth,
        height,
        padding: [8, 18, 0, 0],
        legend: { show: false },
        cursor: { sync: { key: shared }, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
        scales: { x: { time: false }, y: logarithmic ? { distr: 3, log: 10 } : {} },
        axes: [
          { ...gridded, ticks: { show: false }, size: 28, space: 70, values: (_, splits) => splits.map(numberText) },
          {
            ...gridded,
            ticks: { show: false },
            size: (_, labels) => Math.max(52, 14 + DIGIT * Math.max(0, ...(labels ?? []).map(({ length }) => length))),
            values: (_, splits) => splits.map((value) => (value === null ? "" : numberText(value))),
          },
        ],
        series: [{ label: axis }, ...series],
        hooks: {
          draw: [(u) => ringBest(u, current.current, ({ colour }) => curveColour(box, colour))],
          setCursor: [(u) => setAt(u.cursor.idx ?? null)],
          setSelect: [
            (u) => {
              if (u.select.width < 6) return;
              latest.current([u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")]);
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
        },
      },
      data,
      box,
    );
    plot.current = made;
    const out = (): void => latest.current(null);
    box.addEventListener("dblclick", out);
    const watch = new ResizeObserver(() => made.setSize({ width: box.clientWidth, height }));
    watch.observe(box);
    return () => {
      watch.disconnect();
      box.removeEventListener("dblclick", out);
      made.destroy();
      plot.current = undefined;
    };
  }, [kind]);

  useEffect(() => {
    const made = plot.current;
    if (made === undefined) return;
    made.setData(data, false);
    const [from, to] = zoom ?? [places[0] ?? 0, places.at(-1) ?? 1];
    made.setScale("x", { min: from, max: to > from ? to : from + 1 });
  }, [data, zoom, places, kind]);

  const place = at !== null && at < places.length ? at : places.length - 1;
  const text = (curve: Curve): string => numberText(valueAt(curve, place));
  const spoken = `${axis} ${numberText(places[place])}: ${shown.map((curve) => `${curve.name} ${text(curve)}`).join(", ")}`;
  const move = (event: KeyboardEvent): void => {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 };
    const target =
      event.key === "Home" ? 0 : event.key === "End" ? places.length - 1 : place + (steps[event.key] ?? Number.NaN);
    if (Number.isNaN(target)) {
      if (event.key === "Escape") onZoom(null);
      return;
    }
    event.preventDefault();
    const index = Math.max(0, Math.min(places.length - 1, target));
    const made = plot.current;
    if (made === undefined) return;
    made.setCursor({ left: made.valToPos(places[index]!, "x"), top: height / 3 });
    setAt(index);
  };

  return (
    <figure class="chart card">
      <figcaption>
        <h2>{title}</h2>
        <ul class="legend">
          {curves.map((curve) => (
            <li key={curve.name}>
              <button
                type="button"
                aria-pressed={!hidden.has(curve.name)}
                title={hidden.has(curve.name) ? "Show this curve" : "Hide this curve"}
                onClick={() => setHidden(toggled(hidden, curve.name))}
              >
                <span class={`swatch curve-${curve.colour % 8}`} />
                {title.startsWith(curve.name) ? <span class="hidden">{curve.name}</span> : curve.name}
                <output>{hidden.has(curve.name) ? "" : text(curve)}</output>
              </button>
            </li>
          ))}
        </ul>
      </figcaption>
      <div
        ref={element}
        class="plot"
        role="slider"
        tabIndex={0}
        aria-label={`${title} over ${axis}`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, places.length - 1)}
        aria-valuenow={Math.max(0, place)}
        aria-valuetext={spoken}
        onKeyDown={move}
      />
      {note !== undefined && <p class="note">{note}</p>}
    </figure>
  );
}

/** The value of a curve at a place, or the nearest before it. */
function valueAt({ values }: Curve, place: number): number | null {
  for (let i = Math.min(place, values.length - 1); i >= 0; i--) if (values[i] !== null) return values[i]!;
  return null;
}

function toggled(set: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(name)) next.add(name);
  return next;
}

/** A ring around the best value of each curve that has one. */
function ringBest(u: uPlot, curves: readonly Curve[], colourOf: (curve: Curve) => string): void {
  const places = u.data[0] as number[];
  for (const curve of curves) {
    const index = curve.best === undefined ? -1 : places.indexOf(curve.best);
    const value = index < 0 ? null : curve.values[index];
    if (value === null || value === undefined) continue;
    const { ctx } = u;
    ctx.save();
    ctx.beginPath();
    ctx.strokeStyle = colourOf(curve);
    ctx.lineWidth = 1.75 * devicePixelRatio;
    ctx.arc(u.valToPos(places[index]!, "x", true), u.valToPos(value, "y", true), 7 * devicePixelRatio, 0, 2 * Math.PI);
    ctx.stroke();
    ctx.restore();
  }
}

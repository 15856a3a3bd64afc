/** A small chart of one number with a line for each run. Its axes are those of all charts around it. */
import type { SmallCurve } from "../../../api.ts";
import { numberText } from "../../data/text.ts";

/** The ends of both axes. */
export interface Bounds {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
}

interface Props {
  readonly curves: readonly SmallCurve[];
  readonly bounds: Bounds | undefined;
  readonly logarithmic: boolean;
  readonly colour: number;
  readonly name: string;
}

const WIDTH = 220;
const HEIGHT = 96;
const EDGE = 4;

/** The ends of all curves; undefined where there is no point. A logarithmic axis has positive values only. */
export function boundsOf(curves: readonly SmallCurve[], logarithmic: boolean): Bounds | undefined {
  let [from, to, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [step, value] of curves.flatMap(({ points }) => points)) {
    if (logarithmic && value <= 0) continue;
    [from, to] = [Math.min(from, step), Math.max(to, step)];
    [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  return from === Infinity ? undefined : { from, to, low, high };
}

export function SmallChart({ curves, bounds, logarithmic, colour, name }: Props) {
  const drawn = bounds === undefined ? [] : curves.map(({ points }) => lineOf(points, bounds, logarithmic));
  return (
    <div class="small-chart" role="img" aria-label={name}>
      <span>{numberText(bounds?.high)}</span>
      <span>{numberText(bounds?.low)}</span>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
        {drawn.map((line, i) => (
          <polyline key={i} style={{ stroke: `var(--curve-${colour % 8})` }} points={line} />
        ))}
      </svg>
    </div>
  );
}

/** A curve as SVG has it. One point becomes a short line. */
function lineOf(points: SmallCurve["points"], { from, to, low, high }: Bounds, logarithmic: boolean): string {
  const scale = (value: number): number => (logarithmic ? Math.log10(value) : value);
  const x = (step: number): number => EDGE + ((step - from) / (to - from || 1)) * (WIDTH - 2 * EDGE);
  const share = (value: number): number => (scale(value) - scale(low)) / (scale(high) - scale(low) || 1);
  const y = (value: number): number => HEIGHT - EDGE - share(value) * (HEIGHT - 2 * EDGE);
  const places = points
    .filter(([, value]) => !logarithmic || value > 0)
    .map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`);
  return places.length === 1 ? `${places[0]} ${x(points[0]![0]) + 3},${places[0]!.split(",")[1]}` : places.join(" ");
}

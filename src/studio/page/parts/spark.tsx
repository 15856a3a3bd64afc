/** A small curve without axes, the best point marked. The text next to it says what it shows. */
interface Props {
  readonly points: readonly (readonly [step: number, value: number])[];
  readonly bestStep: number;
}

const WIDTH = 120;
const HEIGHT = 32;
const EDGE = 4;

export function Spark({ points, bestStep }: Props) {
  if (points.length < 2) return null;
  const values = points.map(([, value]) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [first, last] = [points[0]![0], points.at(-1)![0]];
  const x = (step: number): number => EDGE + ((step - first) / (last - first || 1)) * (WIDTH - 2 * EDGE);
  const y = (value: number): number => HEIGHT - EDGE - ((value - low) / (high - low || 1)) * (HEIGHT - 2 * EDGE);
  const line = points.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const best = points.find(([step]) => step === bestStep);
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <polyline points={line} />
      {best && <circle cx={x(best[0])} cy={y(best[1])} r="3" />}
    </svg>
  );
}

/** D's outputs over time: a pair of histograms for some of the steps, all on one axis. */
import type { Outputs } from "../../../api.ts";
import { countText, numberText } from "../../data/text.ts";
import { OutputsLegend } from "./histogram.tsx";

const MOST_ROWS = 10;
const WIDTH = 420;
const ROW = 26;
/** A ridge may rise into the row above. */
const PEAK = 38;

export function Ridges({ outputs }: { readonly outputs: readonly Outputs[] }) {
  if (outputs.length < 2) return null;
  const rows = evenly(outputs, MOST_ROWS);
  const [low, high] = [Math.min(...rows.map(({ from }) => from)), Math.max(...rows.map(({ to }) => to))];
  const x = (value: number): number => ((value - low) / (high - low || 1)) * WIDTH;
  const height = PEAK + ROW * (rows.length - 1) + 4;
  const ridge = ({ from, to, real, fake }: Outputs, kind: "real" | "fake", bottom: number): string => {
    const counts = kind === "real" ? real : fake;
    const width = (to - from) / counts.length;
    const all = counts.reduce((sum, count) => sum + count, 0) || 1;
    // The area of every ridge is the same, so that narrow ones are high; the highest ones are cut.
    const rise = (count: number): number => Math.min(PEAK, (count / all) * ((high - low) / (width || 1)) * 9);
    const points = counts.map(
      (count, i) => `${x(from + (i + 0.5) * width).toFixed(1)},${(bottom - rise(count)).toFixed(1)}`,
    );
    return `M${x(from).toFixed(1)},${bottom} L${points.join(" L")} L${x(to).toFixed(1)},${bottom} Z`;
  };
  return (
    <figure class="card ridges">
      <figcaption>
        <h2>D's outputs over time</h2>
        <OutputsLegend />
      </figcaption>
      <div class="ridge-body">
        <ol aria-hidden="true">
          {rows.map(({ step }) => (
            <li key={step}>{countText(step)}</li>
          ))}
        </ol>
        <svg
          viewBox={`0 0 ${WIDTH} ${height}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`Histograms of D's outputs at ${rows.length} steps from ${rows[0]!.step} to ${rows.at(-1)!.step}`}
        >
          {rows.map((one, i) => {
            const bottom = PEAK + i * ROW;
            return (
              <g key={one.step}>
                <line x1="0" x2={WIDTH} y1={bottom} y2={bottom} />
                <path class="real" d={ridge(one, "real", bottom)} />
                <path class="fake" d={ridge(one, "fake", bottom)} />
              </g>
            );
          })}
        </svg>
      </div>
      <p class="ends">
        <span>{numberText(low)}</span>
        <span>more real →</span>
        <span>{numberText(high)}</span>
      </p>
    </figure>
  );
}

/** Evenly spaced entries, the first and the last among them. */
function evenly<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  return Array.from({ length: most }, (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))]!);
}

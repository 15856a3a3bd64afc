/** D's outputs of real and of generated samples in one step. */
import type { Outputs } from "../../../api.ts";
import { numberText } from "../../data/text.ts";

const WIDTH = 420;
const HEIGHT = 130;

export function Histogram({ outputs: { from, to, real, fake, step } }: { readonly outputs: Outputs }) {
  const most = Math.max(1, ...real, ...fake);
  const bars = (counts: readonly number[], kind: string) =>
    counts.map((count, i) => {
      const height = (count / most) * HEIGHT;
      const width = WIDTH / counts.length;
      return <rect key={i} class={kind} x={i * width} y={HEIGHT - height} width={width} height={height} />;
    });
  return (
    <figure class="card histogram">
      <figcaption>
        <h2>D's outputs</h2>
        <OutputsLegend />
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Histograms of D's outputs of real and of generated samples at step ${step}, from ${numberText(from)} to ${numberText(to)}`}
      >
        {bars(real, "real")}
        {bars(fake, "fake")}
      </svg>
      <p class="ends">
        <span>{numberText(from)}</span>
        <span>more real →</span>
        <span>{numberText(to)}</span>
      </p>
    </figure>
  );
}

export const OutputsLegend = () => (
  <ul class="legend plain-legend">
    <li>
      <span class="swatch curve-0" /> real
    </li>
    <li>
      <span class="swatch curve-1" /> generated
    </li>
  </ul>
);

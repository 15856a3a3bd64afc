/** The samples of several runs at the same step. A run shows its newest grid up to that step. */
import { useState } from "preact/hooks";
import { addressOf } from "../../data/request.ts";
import { countText } from "../../data/text.ts";
import type { ComparedRun } from "../../data/use-runs.ts";

interface Props {
  readonly runs: readonly ComparedRun[];
  readonly names: readonly string[];
}

export function SamplesAtStep({ runs, names }: Props) {
  const steps = [...new Set(runs.flatMap(({ details }) => details.samples))].sort((a, b) => a - b);
  const [chosen, setChosen] = useState<number>();
  if (steps.length === 0) return null;
  const place = Math.min(chosen ?? steps.length - 1, steps.length - 1);
  const step = steps[place]!;
  return (
    <section class="card samples-at-step">
      <div class="time-line-head">
        <h2>Samples up to step {countText(step)}</h2>
        <input
          type="range"
          min={0}
          max={Math.max(steps.length - 1, 1)}
          value={place}
          disabled={steps.length < 2}
          aria-label="Step of the samples"
          aria-valuetext={`step ${countText(step)}`}
          onInput={(event) => setChosen(Number(event.currentTarget.value))}
        />
      </div>
      <ul>
        {runs.map(({ details: { samples, summary } }, i) => {
          const own = samples.findLast((one) => one <= step);
          return (
            <li key={summary.id}>
              <p>
                <span class={`swatch curve-${i}`} />
                {names[i]}
                <span class="hint">{own === undefined ? "none yet" : `step ${countText(own)}`}</span>
              </p>
              {own !== undefined && (
                <img
                  src={addressOf("sample", { id: summary.id, step: own })}
                  alt={`Samples of ${names[i]} at step ${own}`}
                />
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

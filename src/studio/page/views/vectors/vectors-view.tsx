/** Points of a generator of vectors with the modes of the data, and D as a landscape behind them. */
import { useState } from "preact/hooks";
import type { RunDetails } from "../../../api.ts";
import { useLive } from "../../data/live.ts";
import { countText } from "../../data/text.ts";
import { useDrawing } from "../../data/use-drawing.ts";
import { useRested } from "../../data/use-rested.ts";
import { useCurves } from "../../data/use-run.ts";
import { Chart } from "../../parts/chart.tsx";
import { ChartToolbar, useChartSettings } from "../../parts/chart-toolbar.tsx";
import { Notice } from "../../parts/notice.tsx";
import { StepSlider } from "../../parts/step-slider.tsx";
import { scoreCharts } from "../run/charts.ts";
import { useBatch, useOutputs } from "../selection/use-outputs.ts";
import { PointCloud, type SentPoints } from "./point-cloud.tsx";

const COUNT = 2_000;
const SEED = 1;
/** Milliseconds between two drawings of a run that is trained. */
const REST = 2_000;

export function VectorsView({ run }: { readonly run: RunDetails }) {
  const { info } = useLive();
  const { id } = run.summary;
  const [averaged, setAveraged] = useState(true);
  const [place, setPlace] = useState<number>();
  const { value: curves } = useCurves(id);
  const settings = useChartSettings(`vectors-${id}`);
  const last = run.checkpoints.length - 1;
  const shown = Math.min(place ?? last, last);
  const checkpoint = run.checkpoints[shown];
  const canDraw = info?.allowed === true && checkpoint !== undefined;
  // The newest one is asked for as such: training may have removed the one that the page knows.
  const wanted = shown === last ? "last" : checkpoint;
  const newest = useRested(checkpoint ?? 0, REST);
  const wish = canDraw ? { run: id, checkpoint: wanted, averaged, seed: SEED, count: COUNT } : undefined;
  const { value, busy, problem } = useDrawing<SentPoints>("points", wish, shown === last ? newest : 0);

  if (checkpoint === undefined) return <Notice>There is no checkpoint to draw from yet.</Notice>;
  return (
    <div class="vectors">
      <section class="card" aria-busy={busy}>
        <div class="time-line-head">
          <h2>
            {countText(COUNT)} samples of step {countText(value?.step ?? checkpoint)}
          </h2>
          <label class="check">
            <input type="checkbox" checked={averaged} onChange={(event) => setAveraged(event.currentTarget.checked)} />
            Averaged weights
          </label>
        </div>
        {!info?.allowed && <Notice>Drawing needs the address with the token, which the terminal printed.</Notice>}
        {problem !== undefined && <Notice kind="problem">{problem}</Notice>}
        {value !== undefined && <PointCloud drawn={value} />}
        <StepSlider steps={run.checkpoints} place={shown} onChange={setPlace} name="Checkpoint" />
        <p class="note">
          Rings mark the modes of the data, four standard deviations wide. The stronger the colour, the more real D
          finds the place. The slider goes over the checkpoints that are kept; <code>checkpoint.at</code> of a recipe
          keeps more.
        </p>
      </section>
      <div class="selection-charts">
        <BatchOverTime run={run} drawn={value} />
        <ChartToolbar {...settings} />
        {scoreCharts(run.scores, curves, settings.axis).map(({ key, ...chart }) => (
          <Chart key={key} {...chart} {...settings} height={150} />
        ))}
      </div>
    </div>
  );
}

/** The batches that the log has, over time: what G learned from and what it did not. */
function BatchOverTime({ run, drawn }: { readonly run: RunDetails; readonly drawn: SentPoints | undefined }) {
  const { id } = run.summary;
  const { outputs } = useOutputs(id);
  const [place, setPlace] = useState<number>();
  const steps = outputs?.map(({ step }) => step) ?? [];
  const shown = Math.min(place ?? steps.length - 1, steps.length - 1);
  const batch = useBatch(id, steps[shown]);
  if (batch?.points === undefined || drawn === undefined) return null;
  const points = batch.points.filter((point) => point.length === 2) as [number, number][];
  return (
    <section class="card">
      <h2>A batch over time</h2>
      <PointCloud drawn={{ ...drawn, step: batch.step, points, landscape: undefined }} isKept={batch.isKept} />
      <StepSlider steps={steps} place={shown} onChange={setPlace} name="Step of the batch" />
      <p class="note">Filled points: G learned from them. Open points: it did not.</p>
    </section>
  );
}

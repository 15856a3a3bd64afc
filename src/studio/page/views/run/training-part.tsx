/** The training of a run: its samples over time, its curves and scores on one axis, its events and commands. */
import { useMemo } from "preact/hooks";
import type { RunDetails } from "../../../api.ts";
import { useCurves } from "../../data/use-run.ts";
import { Chart } from "../../parts/chart.tsx";
import { ChartToolbar, useChartSettings } from "../../parts/chart-toolbar.tsx";
import { Notice } from "../../parts/notice.tsx";
import { chartsOf, scoreCharts } from "./charts.ts";
import { Commands } from "./commands.tsx";
import { Events } from "./events.tsx";
import { SampleTimeLine } from "./sample-time-line.tsx";

export function TrainingPart({ run }: { readonly run: RunDetails }) {
  const { value: curves, problem } = useCurves(run.summary.id);
  const settings = useChartSettings(`run-${run.summary.id}`);
  const { axis } = settings;
  const charts = useMemo(() => (curves === undefined ? [] : chartsOf(curves, axis)), [curves, axis]);
  const scores = useMemo(() => scoreCharts(run.scores, curves, axis), [run.scores, curves, axis]);
  return (
    <div class="training">
      <section class="samples-column" aria-label="Samples">
        <SampleTimeLine run={run} />
      </section>
      <section class="charts-column" aria-label="Curves">
        <ChartToolbar {...settings} />
        {problem !== undefined && <Notice kind="problem">{problem}</Notice>}
        {curves !== undefined && curves.steps.length === 0 && (
          <Notice>There is nothing in the log yet. The first line comes after the first steps.</Notice>
        )}
        <div class="charts">
          {charts.slice(0, 2).map((chart) => (
            <Chart key={chart.title} {...chart} {...settings} />
          ))}
          {scores.map(({ key, ...chart }) => (
            <Chart key={key} {...chart} {...settings} />
          ))}
          {charts.slice(2).map((chart) => (
            <Chart key={chart.title} {...chart} {...settings} height={150} />
          ))}
        </div>
        {curves !== undefined && curves.stride > 1 && (
          <p class="note">The log is long: each point is the mean of {curves.stride} lines.</p>
        )}
        {curves !== undefined && curves.omitted > 0 && (
          <p class="note">The log has {curves.omitted} more numbers, which are not shown.</p>
        )}
      </section>
      <div class="about">
        <Events events={run.events} />
        <Commands run={run} />
      </div>
    </div>
  );
}

/**
 * Several runs next to each other: their curves in one chart and in small ones, samples of equal steps and of equal seeds,
 * and where their settings differ.
 */
import { useMemo } from "preact/hooks";
import { linkTo } from "../../data/route.ts";
import { useRuns } from "../../data/use-runs.ts";
import { useSweep } from "../../data/use-sweep.ts";
import { Chart } from "../../parts/chart.tsx";
import { ChartToolbar, useChartSettings } from "../../parts/chart-toolbar.tsx";
import { Notice } from "../../parts/notice.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { comparisonCharts, MOST_COMPARED, namesOf } from "./curves.ts";
import { EqualSeeds } from "./equal-seeds.tsx";
import { SamplesAtStep } from "./samples-at-step.tsx";
import { SettingsTable } from "./settings-table.tsx";
import { SmallMultiples } from "./small-multiples.tsx";
import { SweepTable } from "./sweep-cells.tsx";

export function CompareView({ ids }: { readonly ids: readonly string[] }) {
  const { runs, problem } = useRuns(ids.slice(0, MOST_COMPARED));
  const settings = useChartSettings("compare");
  const { axis } = settings;
  const charts = useMemo(() => comparisonCharts(runs, axis), [runs, axis]);
  const names = namesOf(runs);
  const isOfImages = runs.length > 1 && runs.every(({ details: { data } }) => data?.size !== undefined);
  const sweep = useSweep(
    runs.map(({ details }) => details.summary.id),
    runs.map(({ details }) => details.summary.version).join(),
  );
  return (
    <>
      <a class="back" href={linkTo("runs")}>
        ← All runs
      </a>
      <h1>Compare {runs.length} runs</h1>
      {problem !== undefined && <Notice kind="problem">{problem}</Notice>}
      {ids.length > MOST_COMPARED && (
        <Notice>
          The first {MOST_COMPARED} of the {ids.length} chosen runs are shown.
        </Notice>
      )}
      <ul class="compared">
        {runs.map(({ details: { summary } }, i) => (
          <li key={summary.id}>
            <span class={`swatch curve-${i}`} />
            <a href={linkTo("run", summary.id)}>{names[i]}</a>
            <StateBadge state={summary.state} />
          </li>
        ))}
      </ul>
      {isOfImages && (
        <p class="compared-test">
          <a class="button" href={linkTo("rating", ...runs.map(({ details }) => details.summary.id))}>
            Real or fake? One blind test of these runs
          </a>
        </p>
      )}
      <ChartToolbar {...settings} />
      <div class="charts">
        {charts.map((chart) => (
          <Chart key={chart.title} {...chart} {...settings} />
        ))}
      </div>
      {sweep !== null && <SweepTable sweep={sweep} />}
      <SmallMultiples runs={runs} names={names} sweep={sweep} logarithmic={settings.logarithmic} />
      <SamplesAtStep runs={runs} names={names} />
      <EqualSeeds runs={runs} names={names} />
      <SettingsTable runs={runs} names={names} />
    </>
  );
}

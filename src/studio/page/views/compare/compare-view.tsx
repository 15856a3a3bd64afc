/** Several runs next to each other: their curves in one chart, samples of equal steps, and where their settings differ. */
import { useMemo } from "preact/hooks";
import { linkTo } from "../../data/route.ts";
import { useRuns } from "../../data/use-runs.ts";
import { Chart } from "../../parts/chart.tsx";
import { ChartToolbar, useChartSettings } from "../../parts/chart-toolbar.tsx";
import { Notice } from "../../parts/notice.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { comparisonCharts, namesOf } from "./curves.ts";
import { SamplesAtStep } from "./samples-at-step.tsx";
import { SettingsTable } from "./settings-table.tsx";
import { SweepTable } from "./sweep-cells.tsx";

/** Curves of more runs cannot be told apart. */
const MOST = 8;

export function CompareView({ ids }: { readonly ids: readonly string[] }) {
  const { runs, problem } = useRuns(ids.slice(0, MOST));
  const settings = useChartSettings("compare");
  const { axis } = settings;
  const charts = useMemo(() => comparisonCharts(runs, axis), [runs, axis]);
  const names = namesOf(runs);
  return (
    <>
      <a class="back" href={linkTo("runs")}>
        ← All runs
      </a>
      <h1>Compare {runs.length} runs</h1>
      {problem !== undefined && <Notice kind="problem">{problem}</Notice>}
      {ids.length > MOST && (
        <Notice>
          The first {MOST} of the {ids.length} chosen runs are shown.
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
      <ChartToolbar {...settings} />
      <div class="charts">
        {charts.map((chart) => (
          <Chart key={chart.title} {...chart} {...settings} />
        ))}
      </div>
      <SweepTable
        ids={runs.map(({ details }) => details.summary.id)}
        version={runs.map(({ details }) => details.summary.version).join()}
      />
      <SamplesAtStep runs={runs} names={names} />
      <SettingsTable runs={runs} names={names} />
    </>
  );
}

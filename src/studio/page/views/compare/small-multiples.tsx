/**
 * Small multiples (Tufte 1983): one number in a small chart for each run, or of a sweep for each cell with a line for each
 * seed. All have the same axes.
 */
import { useState } from "preact/hooks";
import type { SmallCurve, SweepCells } from "../../../api.ts";
import { countText, numberText } from "../../data/text.ts";
import type { ComparedRun } from "../../data/use-runs.ts";
import { type Panel, useSmallCurves } from "../../data/use-small-curves.ts";
import { numbersOf, titleOf } from "./curves.ts";
import { boundsOf, SmallChart } from "./small-chart.tsx";

interface Props {
  readonly runs: readonly ComparedRun[];
  readonly names: readonly string[];
  readonly sweep: SweepCells | null;
  readonly logarithmic: boolean;
}

/** More charts are not drawn. */
const MOST = 100;

export function SmallMultiples({ runs, names, sweep, logarithmic }: Props) {
  const scores = [...new Set(runs.flatMap(({ details }) => details.scores.map(({ name }) => name)))];
  const choices = [
    ...scores.map((name) => ({ key: `score ${name}`, title: name, isOf: hasScore(name) })),
    ...numbersOf(runs).map((name) => ({ key: `number ${name}`, title: titleOf(name), isOf: hasNumber(name) })),
  ];
  const [chosen, setChosen] = useState<string>();
  // At first a number that all runs have.
  const choice =
    choices.find(({ key }) => key === chosen) ?? choices.find(({ isOf }) => runs.every(isOf)) ?? choices[0];
  const panels = sweep === null ? runPanels(runs, names) : cellPanels(sweep);
  const curves = useSmallCurves(panels.slice(0, MOST), choice?.key);
  if (choice === undefined || panels.length < 2) return null;
  const bounds = boundsOf([...curves.values()].flat(), logarithmic);
  return (
    <section class="card small-multiples">
      <div class="time-line-head">
        <h2>{sweep === null ? "Each run by itself" : "Each cell of the sweep"}</h2>
        <label>
          Number{" "}
          <select value={choice.key} onChange={(event) => setChosen(event.currentTarget.value)}>
            {choices.map(({ key, title }) => (
              <option key={key} value={key}>
                {title}
              </option>
            ))}
          </select>
        </label>
      </div>
      <ul>
        {panels.slice(0, MOST).map((panel, i) => {
          const own = curves.get(panel.key) ?? [];
          return (
            <li key={panel.key}>
              <p>
                {sweep === null && <span class={`swatch curve-${i}`} />}
                {panel.title}
              </p>
              <SmallChart
                curves={own}
                bounds={bounds}
                logarithmic={logarithmic}
                colour={sweep === null ? i : 0}
                name={`${choice.title} of ${panel.title}: ${summaryOf(own)}`}
              />
            </li>
          );
        })}
      </ul>
      {bounds !== undefined && (
        <p class="note">
          All charts go from step {countText(bounds.from)} to {countText(bounds.to)}, and from {numberText(bounds.low)}{" "}
          to {numberText(bounds.high)}.{sweep !== null && " A line for each seed."}
        </p>
      )}
      {panels.length > MOST && (
        <p class="note">
          The first {MOST} of {panels.length} cells are shown.
        </p>
      )}
    </section>
  );
}

const hasScore =
  (name: string) =>
  ({ details }: ComparedRun): boolean =>
    details.scores.some((series) => series.name === name);

const hasNumber =
  (name: string) =>
  ({ curves }: ComparedRun): boolean =>
    Object.hasOwn(curves.values, name);

const runPanels = (runs: readonly ComparedRun[], names: readonly string[]): Panel[] =>
  runs.map(({ details: { summary } }, i) => ({ key: summary.id, title: names[i]!, ids: [summary.id] }));

const cellPanels = ({ axes, rows }: SweepCells): Panel[] =>
  rows.map(({ cell, values, runs }) => ({
    key: cell,
    title: axes.map((axis, i) => `${axis} ${values[i]}`).join(", ") || cell,
    ids: runs,
  }));

/** What a chart shows, for those who do not see it. */
function summaryOf(curves: readonly SmallCurve[]): string {
  const last = curves.flatMap(({ points }) => points.at(-1) ?? []) as number[];
  const values = last.filter((_, i) => i % 2 === 1).map(numberText);
  return values.length === 0 ? "no values" : `at the end ${values.join(", ")}`;
}

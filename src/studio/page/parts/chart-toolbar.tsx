/** What all charts of a view have in common: axis, smoothing, logarithm, zoom. */
import { useState } from "preact/hooks";
import { useRemembered } from "../data/remembered.ts";
import type { ChartSettings, Zoom } from "./chart.tsx";

/** What stands on the axis. */
export type Axis = "step" | "hours";

/** The settings and how they are changed. */
export interface ChartChoices extends ChartSettings {
  readonly axis: Axis;
  readonly setAxis: (axis: Axis) => void;
  readonly setSmoothing: (weight: number) => void;
  readonly setLogarithmic: (on: boolean) => void;
}

/** The settings of the charts of a view; `shared` names the view. */
export function useChartSettings(shared: string): ChartChoices {
  const [axis, setAxis] = useRemembered<Axis>("axis", "step");
  const [smoothing, setSmoothing] = useRemembered("smoothing", 0);
  const [logarithmic, setLogarithmic] = useRemembered("logarithmic", false);
  const [zoom, onZoom] = useState<Zoom>(null);
  return {
    axis,
    smoothing,
    logarithmic,
    zoom,
    onZoom,
    shared,
    setAxis: (next) => {
      onZoom(null);
      setAxis(next);
    },
    setSmoothing,
    setLogarithmic,
  };
}

/** Without `hasAxis` the charts stand over steps only. */
export function ChartToolbar({ hasAxis = true, ...choices }: ChartChoices & { readonly hasAxis?: boolean }) {
  const { axis, smoothing, logarithmic, zoom, onZoom, setAxis, setSmoothing, setLogarithmic } = choices;
  return (
    <div class="toolbar charts-toolbar">
      <label>
        Smoothing
        <input
          type="range"
          min="0"
          max="0.98"
          step="0.02"
          value={smoothing}
          onInput={(event) => setSmoothing(Number(event.currentTarget.value))}
        />
        <output>{smoothing.toFixed(2)}</output>
      </label>
      <label>
        <input
          type="checkbox"
          checked={logarithmic}
          onChange={(event) => setLogarithmic(event.currentTarget.checked)}
        />
        Log axis
      </label>
      {hasAxis && (
        <select aria-label="Axis" value={axis} onChange={(event) => setAxis(event.currentTarget.value as Axis)}>
          <option value="step">Over steps</option>
          <option value="hours">Over hours of training</option>
        </select>
      )}
      <button type="button" disabled={zoom === null} onClick={() => onZoom(null)}>
        Show all
      </button>
      <span class="hint">Drag over a chart to zoom in</span>
    </div>
  );
}

/** What a selecting technique such as top-k keeps: a batch in D's order, and D's outputs over time. */
import { useState } from "preact/hooks";
import type { RunDetails } from "../../../api.ts";
import { countText, numberText } from "../../data/text.ts";
import { Chart } from "../../parts/chart.tsx";
import { ChartToolbar, useChartSettings } from "../../parts/chart-toolbar.tsx";
import { Notice } from "../../parts/notice.tsx";
import { StepSlider } from "../../parts/step-slider.tsx";
import { BatchTiles } from "./batch-tiles.tsx";
import { Histogram } from "./histogram.tsx";
import { overlapOf } from "./overlap.ts";
import { Ridges } from "./ridges.tsx";
import { useBatch, useOutputs } from "./use-outputs.ts";

export function SelectionView({ run }: { readonly run: RunDetails }) {
  const { id } = run.summary;
  const { outputs, problem } = useOutputs(id);
  const [chosen, setChosen] = useState<number>();
  const settings = useChartSettings(`selection-${id}`);
  const place = Math.min(chosen ?? Number.POSITIVE_INFINITY, (outputs?.length ?? 0) - 1);
  const shown = outputs?.[place];
  const batch = useBatch(id, shown?.step);

  if (problem !== undefined) return <Notice kind="problem">{problem}</Notice>;
  if (outputs === undefined) return null;
  if (shown === undefined) {
    return (
      <Notice>
        The log of this run has no outputs of D. Runs of recipes write them with every sample grid, since version 0.2.
      </Notice>
    );
  }
  const { step, size, kept, selectedBy } = shown;
  const places = outputs.map((one) => one.step);
  const common = { ...settings, axis: "step" } as const;
  return (
    <div class="selection">
      <StepSlider steps={places} place={place} onChange={setChosen} name="Step of the batch" />
      <section class="card batch">
        <h2>
          {selectedBy === undefined ? "The generated batch" : `What ${selectedBy} keeps`} at step {countText(step)}
        </h2>
        <p class="note">
          {selectedBy === undefined
            ? `G learned from all ${countText(size)} samples.`
            : `G learned from ${countText(kept)} of ${countText(size)} samples.`}{" "}
          In D's order, the most real first.
        </p>
        {batch !== undefined && <BatchTiles id={id} batch={batch} classes={run.data?.classes ?? []} />}
      </section>
      <div class="selection-charts">
        <Histogram outputs={shown} />
        <Ridges outputs={outputs} />
        <ChartToolbar {...settings} hasAxis={false} />
        <Chart
          {...common}
          title="k: samples that G learned from"
          places={places}
          curves={[{ name: "k", values: outputs.map((one) => one.kept), colour: 0 }]}
        />
        <Chart
          {...common}
          title="Overlap of D's outputs"
          note="The share that the histograms of real and generated samples have in common: 1 when D tells nothing apart, 0 when it tells all."
          places={places}
          curves={[{ name: "overlap", values: outputs.map(overlapOf), colour: 2 }]}
        />
        <p class="note">
          D's outputs are scores before any sigmoid. At this step the overlap is {numberText(overlapOf(shown))}.
        </p>
      </div>
    </div>
  );
}

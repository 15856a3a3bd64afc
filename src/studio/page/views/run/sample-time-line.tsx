/** All sample grids of a run: drag through them, play them, see one at full size, download it. */
import { useRef, useState } from "preact/hooks";
import type { RunDetails } from "../../../api.ts";
import { addressOf } from "../../data/request.ts";
import { countText } from "../../data/text.ts";
import { Notice } from "../../parts/notice.tsx";
import { StepSlider } from "../../parts/step-slider.tsx";

export function SampleTimeLine({ run }: { readonly run: RunDetails }) {
  const { samples, summary } = run;
  /** The chosen grid; undefined follows the newest. */
  const [chosen, setChosen] = useState<number>();
  const dialog = useRef<HTMLDialogElement>(null);
  const place = Math.min(chosen ?? samples.length - 1, samples.length - 1);
  const step = samples[place];
  if (step === undefined) return <Notice>There are no samples yet. The first grid comes with the steps.</Notice>;
  const address = addressOf("sample", { id: summary.id, step });
  const name = `Samples of step ${countText(step)}`;
  return (
    <div class="card time-line">
      <div class="time-line-head">
        <h2>{name}</h2>
        <a class="button" href={address} download={`${summary.name}-${String(step).padStart(6, "0")}.png`}>
          Download
        </a>
      </div>
      <button type="button" class="grid-button" onClick={() => dialog.current?.showModal()} title="See it at full size">
        <img src={address} alt={`${name}; see it at full size`} />
      </button>
      <StepSlider steps={samples} place={place} onChange={setChosen} name="Time line of samples" />
      <dialog ref={dialog} class="full-size" aria-label={name}>
        <div class="full-size-head">
          <h2>{name}</h2>
          <button type="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
        <div class="full-size-body">
          <img src={address} alt={name} />
        </div>
      </dialog>
    </div>
  );
}

/** How far a run is: a bar and a line of text. */
import type { RunSummary } from "../../api.ts";
import { countText, durationText, numberText } from "../data/text.ts";

export function Progress({ run }: { readonly run: RunSummary }) {
  const { step, total, eta, imagesPerSecond, seconds, state } = run;
  const share = total === undefined ? undefined : Math.min(1, step / total);
  const live = state === "training" || state === "stopping";
  return (
    <div class="progress">
      {share !== undefined && (
        <div class="bar" aria-hidden="true">
          <span class={live ? "live" : ""} style={{ width: `${(100 * share).toFixed(1)}%` }} />
        </div>
      )}
      <p>
        step {countText(step)}
        {total !== undefined && ` of ${countText(total)}`}
        {live && eta !== undefined && <> · {durationText(eta)} left</>}
        {live && imagesPerSecond !== undefined && <> · {numberText(imagesPerSecond)} images/s</>}
        {!live && seconds > 0 && <> · {durationText(seconds)} of training</>}
      </p>
    </div>
  );
}

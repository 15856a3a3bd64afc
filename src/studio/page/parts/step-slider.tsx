/** A slider over steps that can play. */
import { useEffect, useState } from "preact/hooks";
import { countText } from "../data/text.ts";

interface Props {
  readonly steps: readonly number[];
  /** The number of the chosen step. */
  readonly place: number;
  /** undefined follows the newest. */
  readonly onChange: (place: number | undefined) => void;
  readonly name: string;
}

/** Milliseconds that each step is shown while they are played. */
const FRAME = 250;

export function StepSlider({ steps, place, onChange, name }: Props) {
  const [playing, setPlaying] = useState(false);
  const last = steps.length - 1;
  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => onChange(place >= last ? 0 : place + 1), FRAME);
    return () => clearTimeout(timer);
  }, [playing, place, last, onChange]);
  const none = steps.length < 2;
  return (
    <div class="time-line-controls">
      <button type="button" onClick={() => setPlaying(!playing)} disabled={none}>
        {playing ? "Pause" : "Play"}
      </button>
      <input
        type="range"
        min={0}
        max={Math.max(last, 1)}
        value={place}
        disabled={none}
        aria-label={name}
        aria-valuetext={`step ${countText(steps[place] ?? 0)}`}
        onInput={(event) => {
          setPlaying(false);
          onChange(event.currentTarget.valueAsNumber);
        }}
      />
      <output>step {countText(steps[place] ?? 0)}</output>
      <button
        type="button"
        onClick={() => {
          setPlaying(false);
          onChange(undefined);
        }}
      >
        Newest
      </button>
    </div>
  );
}

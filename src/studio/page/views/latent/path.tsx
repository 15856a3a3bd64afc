/** The way from each picked sample to the next: as a strip, and as a walk that plays or follows a slider. */
import { useEffect, useState } from "preact/hooks";
import { type SentImages, useDrawing } from "../../data/use-drawing.ts";
import { Notice } from "../../parts/notice.tsx";
import { Tile } from "../../parts/tile.tsx";
import type { Picked } from "./picked.ts";

interface Props {
  readonly common: object;
  /** Another one means that the newest checkpoint is another. */
  readonly version: number;
  readonly stops: readonly Picked[];
  /** Arcs are for normal latents only. */
  readonly isNormal: boolean;
}

const STEPS = 12;
/** Milliseconds for each image of a walk. */
const FRAME = 110;

export function Path({ common, version, stops, isNormal }: Props) {
  const [kind, setKind] = useState<"linear" | "spherical">(isNormal ? "spherical" : "linear");
  const [place, setPlace] = useState(0);
  const [playing, setPlaying] = useState(false);
  const { value, busy, problem } = useDrawing<SentImages>("path", { ...common, stops, steps: STEPS, kind }, version);
  const count = value?.count ?? 0;
  useEffect(() => {
    if (!playing || count === 0) return;
    // There and back.
    const timer = setInterval(() => setPlace((now) => (now + 1) % (2 * count)), FRAME);
    return () => clearInterval(timer);
  }, [playing, count]);
  const shown = Math.min(place < count ? place : 2 * count - 1 - place, count - 1);
  return (
    <div class="card path" aria-busy={busy}>
      <div class="time-line-head">
        <h2>From {stops.length === 2 ? "one to the other" : "each to the next"}</h2>
        <span class="hint">{busy ? "drawing …" : ""}</span>
      </div>
      {problem !== undefined && <Notice kind="problem">{problem}</Notice>}
      {value !== undefined && count > 0 && (
        <>
          <div class="walk">
            <Tile images={value} index={Math.max(0, shown)} name={`Image ${shown + 1} of ${count} on the way`} />
          </div>
          <div class="time-line-controls">
            <button type="button" onClick={() => setPlaying(!playing)}>
              {playing ? "Pause" : "Walk"}
            </button>
            <input
              type="range"
              min={0}
              max={count - 1}
              value={Math.max(0, shown)}
              aria-label="Place on the way"
              onInput={(event) => {
                setPlaying(false);
                setPlace(event.currentTarget.valueAsNumber);
              }}
            />
            {isNormal && (
              <select
                aria-label="Kind of way"
                value={kind}
                onChange={(event) => setKind(event.currentTarget.value as typeof kind)}
              >
                <option value="spherical">Arc</option>
                <option value="linear">Line</option>
              </select>
            )}
          </div>
          <div class="strip">
            {Array.from({ length: count }, (_, index) => (
              <Tile key={index} images={value} index={index} name="" />
            ))}
          </div>
        </>
      )}
    </div>
  );
}

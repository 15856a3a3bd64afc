/** The latent space of a checkpoint: a grid of samples to pick from, and the way between picked ones. */
import { useState } from "preact/hooks";
import type { RunDetails } from "../../../api.ts";
import { useLive } from "../../data/live.ts";
import { type SentImages, useDrawing } from "../../data/use-drawing.ts";
import { useRested } from "../../data/use-rested.ts";
import { Notice } from "../../parts/notice.tsx";
import { Tile } from "../../parts/tile.tsx";
import { type LatentChoice, LatentControls } from "./latent-controls.tsx";
import { Neighbours } from "./neighbours.tsx";
import { Path } from "./path.tsx";
import type { Picked } from "./picked.ts";

const COUNT = 36;
/** Milliseconds between two drawings of a run that is trained. */
const REST = 2_000;
/** Stops of a path, at most. */
const MOST_PICKED = 6;

const START: LatentChoice = { checkpoint: "last", averaged: true, seed: 1, truncation: null, classIndex: null };

export function LatentView({ run }: { readonly run: RunDetails }) {
  const { info } = useLive();
  const [choice, setChoice] = useState(START);
  const [picked, setPicked] = useState<readonly Picked[]>([]);
  const canDraw = info?.allowed === true && run.checkpoints.length > 0;
  const { seed, ...drawing } = choice;
  // Training removes old checkpoints: then the newest takes the place of the chosen one.
  const isThere = choice.checkpoint !== "last" && run.checkpoints.includes(choice.checkpoint);
  const checkpoint = isThere ? choice.checkpoint : "last";
  const newest = useRested(run.checkpoints.at(-1) ?? 0, REST);
  const version = isThere ? 0 : newest;
  const common = { run: run.summary.id, ...drawing, checkpoint };
  const { value, busy, problem } = useDrawing<SentImages>(
    "grid",
    canDraw ? { ...common, seed, count: COUNT } : undefined,
    version,
  );

  if (run.checkpoints.length === 0) return <Notice>There is no checkpoint to draw from yet.</Notice>;
  if (!canDraw) return <Notice>Drawing needs the address with the token, which the terminal printed.</Notice>;
  const placeOf = (index: number): number => picked.findIndex((one) => one.seed === seed && one.index === index);
  const pick = (index: number): void => {
    setPicked((before) => {
      const others = before.filter((one) => one.seed !== seed || one.index !== index);
      return others.length < before.length ? others : [...before, { seed, index }].slice(-MOST_PICKED);
    });
  };
  const classOf = (label: number | undefined): string =>
    label === undefined ? "" : `, class ${run.data?.classes[label] ?? label}`;
  return (
    <div class="latent">
      <LatentControls run={run} choice={{ ...choice, checkpoint }} onChange={setChoice} />
      <section class="card" aria-busy={busy} aria-label="Samples">
        <div class="time-line-head">
          <h2>Seed {seed}</h2>
          <span class="hint">{busy ? "drawing …" : value && `checkpoint of step ${value.step}`}</span>
        </div>
        {problem !== undefined && <Notice kind="problem">{problem}</Notice>}
        {value !== undefined && (
          <div class="tiles" style={{ gridTemplateColumns: `repeat(${value.columns}, 1fr)` }}>
            {Array.from({ length: value.count }, (_, index) => {
              const place = placeOf(index);
              return (
                <button
                  key={index}
                  type="button"
                  class="pick-tile"
                  aria-pressed={place >= 0}
                  aria-label={`Sample ${index + 1}${classOf(value.labels?.[index])}${place < 0 ? "" : `, picked as number ${place + 1}`}`}
                  onClick={() => pick(index)}
                >
                  <Tile images={value} index={index} name="" />
                  {place >= 0 && <b>{place + 1}</b>}
                </button>
              );
            })}
          </div>
        )}
        <p class="note">
          Pick samples: one shows its neighbours in the data, two or more the way from each to the next.
          {picked.length > 0 && (
            <button type="button" class="plain" onClick={() => setPicked([])}>
              Pick none
            </button>
          )}
        </p>
      </section>
      <section class="latent-side">
        {picked.length > 0 && <Neighbours run={run} common={common} version={version} sample={picked.at(-1)!} />}
        {picked.length > 1 && <Path common={common} version={version} stops={picked} isNormal={isNormal(run)} />}
      </section>
    </div>
  );
}

const isNormal = ({ summary }: RunDetails): boolean => summary.settings.latentDistribution !== "uniform";

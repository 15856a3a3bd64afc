/** New samples of several runs from the same seed, next to each other: the same latents, and the classes in turn. */
import { useEffect, useState } from "preact/hooks";
import { useLive } from "../../data/live.ts";
import { ask } from "../../data/request.ts";
import { countText } from "../../data/text.ts";
import type { SentImages } from "../../data/use-drawing.ts";
import type { ComparedRun } from "../../data/use-runs.ts";
import { Notice } from "../../parts/notice.tsx";
import { Tile } from "../../parts/tile.tsx";
import { PointCloud, type SentPoints } from "../vectors/point-cloud.tsx";

interface Props {
  readonly runs: readonly ComparedRun[];
  readonly names: readonly string[];
}

/** Samples of each run: images, or points of the plane. */
const IMAGES = 16;
const POINTS = 1_000;

interface Wish {
  readonly seed: number;
  readonly checkpoint: "last" | "best";
  readonly averaged: boolean;
}

/** What came of a run. */
type Drawn = { readonly problem: string } | { readonly value: SentImages | SentPoints };

export function EqualSeeds({ runs, names }: Props) {
  const { info } = useLive();
  const [wish, setWish] = useState<Wish>({ seed: 1, checkpoint: "last", averaged: true });
  /** What is drawn; undefined until somebody asks for it. */
  const [asked, setAsked] = useState<Wish>();
  const able = runs.filter(({ details: { data } }) => data?.size !== undefined || data?.features === 2);
  const drawn = useSamples(able, asked);
  if (able.length === 0) return null;
  const set = (change: Partial<Wish>): void => setWish({ ...wish, ...change });
  const busy = asked !== undefined && drawn.size < able.length;
  return (
    <section class="card samples-at-step equal-seeds" aria-busy={busy}>
      <h2>Samples of equal seeds</h2>
      <p class="note">
        Drawn now, with the same latents in every run whose latents have the same length, and the classes in turn.
      </p>
      {!info?.allowed && <Notice>Drawing needs the address with the token, which the terminal printed.</Notice>}
      {info?.allowed && (
        <form
          class="toolbar"
          onSubmit={(event) => {
            event.preventDefault();
            // The same wish once more draws again: runs that are trained have moved on.
            setAsked({ ...wish });
          }}
        >
          <label>
            Seed{" "}
            <input
              type="number"
              min={0}
              max={4294967295}
              value={wish.seed}
              onInput={({ currentTarget: { valueAsNumber } }) => {
                if (Number.isInteger(valueAsNumber) && valueAsNumber >= 0 && valueAsNumber < 2 ** 32)
                  set({ seed: valueAsNumber });
              }}
            />
          </label>
          <select
            aria-label="Checkpoint"
            value={wish.checkpoint}
            onChange={({ currentTarget: { value } }) => set({ checkpoint: value === "best" ? "best" : "last" })}
          >
            <option value="last">Newest checkpoints</option>
            <option value="best">Best checkpoints</option>
          </select>
          <label>
            <input
              type="checkbox"
              checked={wish.averaged}
              onChange={(event) => set({ averaged: event.currentTarget.checked })}
            />
            Averaged weights
          </label>
          <button type="submit" disabled={busy}>
            {busy ? `Drawing ${drawn.size + 1} of ${able.length} …` : "Draw"}
          </button>
        </form>
      )}
      <ul>
        {asked !== undefined &&
          runs.map(({ details: { summary } }, i) => {
            const own = drawn.get(summary.id);
            return (
              own && (
                <li key={summary.id}>
                  <p>
                    <span class={`swatch curve-${i}`} />
                    {names[i]}
                    {"value" in own && <span class="hint">step {countText(own.value.step)}</span>}
                  </p>
                  {"problem" in own ? <Notice kind="problem">{own.problem}</Notice> : <Samples drawn={own.value} />}
                </li>
              )
            );
          })}
      </ul>
    </section>
  );
}

function Samples({ drawn }: { readonly drawn: SentImages | SentPoints }) {
  if ("points" in drawn) return <PointCloud drawn={drawn} />;
  return (
    <div class="tiles" style={{ gridTemplateColumns: `repeat(${drawn.columns}, 1fr)` }}>
      {Array.from({ length: drawn.count }, (_, index) => (
        <Tile key={index} images={drawn} index={index} name={`Sample ${index + 1}`} />
      ))}
    </div>
  );
}

/** Draws one run after the other, so that few requests wait. */
function useSamples(runs: readonly ComparedRun[], wish: Wish | undefined): ReadonlyMap<string, Drawn> {
  const [drawn, setDrawn] = useState<ReadonlyMap<string, Drawn>>(new Map());
  const names = runs.map(({ details }) => details.summary.id).join("\n");
  useEffect(() => {
    setDrawn(new Map());
    if (wish === undefined) return;
    const gone = new AbortController();
    const drawAll = async (): Promise<void> => {
      for (const { details } of runs) {
        const { id } = details.summary;
        const [path, count] = details.data?.features === 2 ? ["points", POINTS] : ["grid", IMAGES];
        const body = { run: id, ...wish, count };
        const own: Drawn = await ask<SentImages | SentPoints>(path as string, body, gone.signal).then(
          (value) => ({ value }),
          (error: Error) => ({ problem: error.message }),
        );
        if (gone.signal.aborted) return;
        setDrawn((before) => new Map(before).set(id, own));
      }
    };
    void drawAll();
    return () => gone.abort();
  }, [names, wish]);
  return drawn;
}

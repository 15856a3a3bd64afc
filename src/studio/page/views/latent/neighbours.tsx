/** The images of the data that are nearest to a sample, pixel by pixel: they show whether the generator copies. */
import { useState } from "preact/hooks";
import type { RunDetails } from "../../../api.ts";
import { numberText } from "../../data/text.ts";
import { type SentImages, useDrawing } from "../../data/use-drawing.ts";
import { Notice } from "../../parts/notice.tsx";
import { Tile } from "../../parts/tile.tsx";
import type { Picked } from "./picked.ts";

interface Props {
  readonly run: RunDetails;
  readonly common: object;
  /** Another one means that the newest checkpoint is another. */
  readonly version: number;
  readonly sample: Picked;
}

const COUNT = 5;

export function Neighbours({ run, common, version, sample }: Props) {
  const [wanted, setWanted] = useState(false);
  const { value, busy, problem } = useDrawing<SentImages>(
    "neighbours",
    wanted ? { ...common, sample, count: COUNT } : undefined,
    version,
  );
  const classes = run.data?.classes ?? [];
  return (
    <div class="card neighbours" aria-busy={busy}>
      <div class="time-line-head">
        <h2>Nearest images of the data</h2>
        <label class="check">
          <input type="checkbox" checked={wanted} onChange={(event) => setWanted(event.currentTarget.checked)} />
          Show
        </label>
      </div>
      {problem !== undefined && <Notice kind="problem">{problem}</Notice>}
      {wanted && value?.note !== undefined && <Notice>{value.note}</Notice>}
      {wanted && busy && <p class="hint">searching …</p>}
      {wanted && value !== undefined && (
        <ul>
          <li>
            <Tile images={value} index={0} name="The picked sample" />
            <span>sample</span>
          </li>
          {value.distances?.map((distance, i) => {
            const name = classes[value.labels?.[i] ?? -1];
            return (
              <li key={i}>
                <Tile
                  images={value}
                  index={i + 1}
                  name={`Neighbour ${i + 1}${name === undefined ? "" : `, ${name}`}`}
                />
                <span>{numberText(distance)}</span>
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}

/** The samples of a batch in D's order. Those that G did not learn from stand apart and are crossed out. */
import type { Batch } from "../../../api.ts";
import { addressOf } from "../../data/request.ts";
import { numberText } from "../../data/text.ts";
import { PointCloud } from "../vectors/point-cloud.tsx";

/** Points beyond are not in the frame: a G that diverges would make all others one spot. */
const FARTHEST = 100;

interface Props {
  readonly id: string;
  readonly batch: Batch;
  readonly classes: readonly string[];
}

export function BatchTiles({ id, batch, classes }: Props) {
  const { scores, isKept } = batch;
  const isPlane = batch.images === undefined && batch.points?.every((point) => point.length === 2) === true;
  const rows = scores.map((_, row) => row);
  const [kept, dropped] = [rows.filter((row) => isKept[row]), rows.filter((row) => !isKept[row])];
  const list = (title: string, members: readonly number[], kind: string) =>
    members.length > 0 && (
      <div class={`batch-part ${kind}`}>
        <h3>
          {title} ({members.length})
        </h3>
        {isPlane ? (
          <BatchCloud batch={batch} members={members} />
        ) : (
          <ul>
            {members.map((row) => (
              <li key={row}>
                <BatchTile id={id} batch={batch} row={row} name={nameOf(batch, row, classes)} />
                <span>{numberText(scores[row])}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    );
  return (
    <div class={isPlane ? "batch-clouds" : ""}>
      {list("Kept", kept, "kept")}
      {list("Dropped", dropped, "dropped")}
    </div>
  );
}

/** Points of the plane, in the same frame for kept and dropped ones. */
function BatchCloud({ batch, members }: { readonly batch: Batch; readonly members: readonly number[] }) {
  const all = batch.points as readonly (readonly [number, number])[];
  const extent = 1.05 * Math.min(FARTHEST, Math.max(...all.flat().map(Math.abs))) || 1;
  const points = members.map((row) => all[row]!);
  const isKept = members.map((row) => batch.isKept[row]!);
  return <PointCloud drawn={{ step: batch.step, points, modes: [], side: 1, extent }} isKept={isKept} />;
}

function nameOf({ scores, isKept, labels }: Batch, row: number, classes: readonly string[]): string {
  const label = labels?.[row];
  const ofClass = label === undefined ? "" : `, class ${classes[label] ?? label}`;
  return `${isKept[row] ? "Kept" : "Dropped"}, place ${row + 1}, D ${numberText(scores[row])}${ofClass}`;
}

/** One image of the batch's picture; a point where the batch has no picture. */
function BatchTile({ id, batch, row, name }: Omit<Props, "classes"> & { readonly row: number; readonly name: string }) {
  const { images, scores, step, points } = batch;
  if (images === undefined) {
    const point = points?.[row];
    return <b title={name}>{point === undefined ? "·" : `(${point.map(numberText).join(", ")})`}</b>;
  }
  const { columns, size, height: high = size, padding } = images;
  const [across, down] = [size + padding, high + padding];
  const rows = Math.ceil(scores.length / columns);
  const [width, height] = [padding + Math.min(columns, scores.length) * across, padding + rows * down];
  const [left, top] = [padding + (row % columns) * across, padding + Math.floor(row / columns) * down];
  const share = (at: number, all: number, own: number): string => `${all === own ? 0 : (100 * at) / (all - own)}%`;
  return (
    <span
      class="tile"
      role="img"
      aria-label={name}
      title={name}
      style={{
        backgroundImage: `url("${addressOf("batch-picture", { id, step })}")`,
        backgroundSize: `${(100 * width) / size}% ${(100 * height) / high}%`,
        backgroundPosition: `${share(left, width, size)} ${share(top, height, high)}`,
        aspectRatio: `${size} / ${high}`,
      }}
    />
  );
}

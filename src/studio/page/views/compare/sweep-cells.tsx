/** The table of the sweep that all compared runs belong to: each cell's scores with their intervals over seeds. */
import { useEffect, useState } from "preact/hooks";
import type { SweepCells } from "../../../api.ts";
import { read } from "../../data/request.ts";

/** The folder of a sweep in whose folder `runs` all these runs are; undefined where there is none. */
export function commonSweep(ids: readonly string[]): string | undefined {
  const folders = ids.map((id) => /^(?:(.+)\/)?runs\/[^/]+$/.exec(id));
  if (folders.length === 0 || folders.includes(null)) return undefined;
  const [first, ...others] = folders.map((found) => found![1] ?? ".");
  return others.every((folder) => folder === first) ? first : undefined;
}

export function SweepTable({ ids, version }: { readonly ids: readonly string[]; readonly version: string }) {
  const [sweep, setSweep] = useState<SweepCells | null>(null);
  const folder = commonSweep(ids);
  // Any run of the sweep has its table. It is read again when one of those that are compared changes.
  useEffect(() => {
    if (folder === undefined) {
      setSweep(null);
      return;
    }
    const gone = new AbortController();
    read<{ sweep: SweepCells | null }>("sweep", { id: ids[0]! }, gone.signal).then(
      (found) => gone.signal.aborted || setSweep(found.sweep),
      () => undefined,
    );
    return () => gone.abort();
  }, [folder, version]);
  if (sweep === null) return null;
  return (
    <section class="card settings-table">
      <h2>Cells of the sweep</h2>
      <p class="note">
        Mean ± 95 % confidence interval (Student's t) over seeds. Bold: the best, with an interval apart from all
        others.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by keyboard */}
      <section class="wide" aria-label="Cells of the sweep" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {[...sweep.axes, "Runs", ...sweep.columns].map((name) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sweep.rows.map(({ cell, values, planned, finished, scores }) => (
              <tr key={cell}>
                {values.map((value, i) => (
                  <td key={i}>{value}</td>
                ))}
                <td>
                  {finished} of {planned}
                </td>
                {scores.map((score, i) => (
                  <td key={i}>{score === null ? "–" : <Score {...score} planned={planned} />}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {sweep.notes.map((note) => (
        <p class="note" key={note}>
          {note}
        </p>
      ))}
    </section>
  );
}

function Score({ text, count, best, planned }: { text: string; count: number; best: boolean; planned: number }) {
  const whole = count === planned ? text : `${text} (n = ${count})`;
  return best ? <strong>{whole}</strong> : <span>{whole}</span>;
}

/** The table of a sweep: each cell's scores with their intervals over seeds. */
import type { SweepCells } from "../../../api.ts";

export function SweepTable({ sweep }: { readonly sweep: SweepCells }) {
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

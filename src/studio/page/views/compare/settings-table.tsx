/** The settings of several runs side by side; at first only those in which they differ. */
import { useState } from "preact/hooks";
import type { ComparedRun } from "../../data/use-runs.ts";

interface Props {
  readonly runs: readonly ComparedRun[];
  readonly names: readonly string[];
}

export function SettingsTable({ runs, names }: Props) {
  const [all, setAll] = useState(false);
  const settings = runs.map(({ details }) => details.summary.settings);
  const paths = [...new Set(settings.flatMap((one) => Object.keys(one)))];
  const differs = (path: string): boolean => new Set(settings.map((one) => one[path])).size > 1;
  const shown = all ? paths : paths.filter(differs);
  return (
    <section class="card settings-table">
      <h2>{all ? "Settings" : "Settings that differ"}</h2>
      <label class="check">
        <input type="checkbox" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
        Show all settings
      </label>
      {shown.length === 0 ? (
        <p class="note">The runs have the same settings.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by keyboard
        <section class="wide" aria-label="Settings of the runs" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Setting</th>
                {names.map((name, i) => (
                  <th scope="col" key={runs[i]!.details.summary.id}>
                    <span class={`swatch curve-${i}`} /> {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((path) => (
                <tr key={path} class={differs(path) ? "changed" : ""}>
                  <th scope="row">{path}</th>
                  {settings.map((one, i) => (
                    <td key={runs[i]!.details.summary.id}>{one[path] ?? "–"}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

/** The settings of a run: all of them, what differs from the defaults, and what the run rests on. */
import { useState } from "preact/hooks";
import type { RunDetails } from "../../../api.ts";
import { countText } from "../../data/text.ts";

export function SettingsPart({ run }: { readonly run: RunDetails }) {
  const [onlyChanged, setOnlyChanged] = useState(false);
  const { settings, data, engine, hash, from, overrides, summary } = run;
  const shown = onlyChanged ? settings.filter(({ standard }) => standard !== undefined) : settings;
  return (
    <div class="settings">
      <section class="card">
        <h2>Recipe</h2>
        <label class="check">
          <input
            type="checkbox"
            checked={onlyChanged}
            onChange={(event) => setOnlyChanged(event.currentTarget.checked)}
          />
          Only what differs from the defaults
        </label>
        <table>
          <thead>
            <tr>
              <th scope="col">Setting</th>
              <th scope="col">Value</th>
              <th scope="col">Default</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ path, value, standard }) => (
              <tr key={path} class={standard === undefined ? "" : "changed"}>
                <th scope="row">{path}</th>
                <td>{value}</td>
                <td>{standard ?? ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <section class="card">
        <h2>About this run</h2>
        <dl>
          <Entry name="started from" value={summary.source} />
          <Entry name="changed by" value={overrides.join(", ")} />
          <Entry name="began with the networks of" value={from ?? ""} />
          <Entry name="hash of the recipe" value={hash} />
          {data && <Entry name="data" value={dataText(data)} />}
          {Object.entries(engine).map(([name, value]) => (
            <Entry key={name} name={name} value={value} />
          ))}
          <Entry name="checkpoints at" value={run.checkpoints.map(countText).join(", ")} />
        </dl>
      </section>
    </div>
  );
}

function Entry({ name, value }: { readonly name: string; readonly value: string }) {
  if (value === "") return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function dataText({ name, count, classes, size, channels, features }: NonNullable<RunDetails["data"]>): string {
  const { height, width } = typeof size === "object" ? size : { height: size, width: size };
  const kind = size === undefined ? `vectors of ${features} numbers` : `${channels} x ${height} x ${width}`;
  const amount = count === 0 ? "drawn without end" : `${countText(count)} samples`;
  const named = classes.length === 0 ? "no classes" : `${classes.length} classes`;
  return [name, amount, kind, named].join(", ");
}

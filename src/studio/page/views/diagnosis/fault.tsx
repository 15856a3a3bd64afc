/** A fault that was found: since when, what shows it, and where to read on. */
import type { FoundFault } from "../../../api.ts";
import { countText, numberText } from "../../data/text.ts";

export function Fault({ fault }: { readonly fault: FoundFault }) {
  const { title, since, evidence, numbers, picture, page, measured } = fault;
  return (
    <section class="card fault">
      <h2>
        {title}, since step {countText(since)}
      </h2>
      <p>{evidence}</p>
      {picture !== undefined && <img src={`data:image/png;base64,${picture}`} alt={`What shows it: ${title}`} />}
      <dl>
        {Object.entries(numbers).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{numberText(value)}</dd>
          </div>
        ))}
      </dl>
      <p>
        What it means and what can be done: <code>docs/{page}</code>
      </p>
      {measured.length === 0 ? (
        <p class="note">What helps against it has not been measured.</p>
      ) : (
        <ul>
          {measured.map(({ page: results, text }) => (
            <li key={text}>
              Measured (<code>docs/{results}</code>): {text}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

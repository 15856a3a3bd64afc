/** Every run of the folder, live: filtered, ordered, tagged by settings, selected to be compared. */
import { useMemo, useState } from "preact/hooks";
import { useLive } from "../../data/live.ts";
import { useRemembered } from "../../data/remembered.ts";
import { linkTo } from "../../data/route.ts";
import { titlesOf } from "../../data/titles.ts";
import { Notice } from "../../parts/notice.tsx";
import { matches, ORDERS, type Order, ordered, STATE_FILTERS, tagChoices } from "./order.ts";
import { RunCard } from "./run-card.tsx";
import { TagChoice } from "./tag-choice.tsx";

export function RunsView() {
  const { runs, info } = useLive();
  const [filter, setFilter] = useState("");
  const [states, setStates] = useState("All states");
  const [order, setOrder] = useRemembered<Order>("order", "newest");
  const [tags, setTags] = useRemembered<readonly string[]>("tags", []);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());

  const all = useMemo(() => [...runs.values()], [runs]);
  const choices = useMemo(() => tagChoices(all), [all]);
  const titles = useMemo(() => titlesOf(all), [all]);
  const wanted = STATE_FILTERS[states] ?? [];
  const shown = ordered(
    all.filter((run) => (wanted.length === 0 || wanted.includes(run.state)) && matches(run, filter)),
    order in ORDERS ? order : "newest",
  );
  const chosen = all.filter(({ id }) => selected.has(id)).map(({ id }) => id);
  const select = (id: string, on: boolean): void => {
    const next = new Set(selected);
    if (on) next.add(id);
    else next.delete(id);
    setSelected(next);
  };

  return (
    <>
      <h1>Runs</h1>
      <div class="toolbar">
        <label class="grow">
          <span class="hidden">Filter</span>
          <input
            type="search"
            placeholder="Filter by name, folder or setting, such as loss=hinge"
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
        </label>
        <select aria-label="States" value={states} onChange={(event) => setStates(event.currentTarget.value)}>
          {Object.keys(STATE_FILTERS).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <select aria-label="Order" value={order} onChange={(event) => setOrder(event.currentTarget.value as Order)}>
          {Object.entries(ORDERS).map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
        <TagChoice choices={choices} chosen={tags} onChange={setTags} />
        {chosen.length > 1 ? (
          <a class="button primary" href={linkTo("compare", ...chosen)}>
            Compare {chosen.length} runs
          </a>
        ) : (
          <span class="hint">Select two or more to compare</span>
        )}
      </div>
      {all.length === 0 && (
        <Notice>
          There are no runs in this folder yet. Start one with <code>{info?.program ?? "gantry"} train mnist</code>; it
          appears here by itself.
        </Notice>
      )}
      {all.length > 0 && shown.length === 0 && <Notice>No run fits the filter.</Notice>}
      <ul class="runs">
        {shown.map((run) => (
          <RunCard
            key={run.id}
            run={run}
            title={titles.get(run.id)!}
            tags={tags}
            selected={selected.has(run.id)}
            onSelect={select}
          />
        ))}
      </ul>
      {info?.more && <Notice>The folder has more runs than are listed. Give the studio a smaller folder.</Notice>}
    </>
  );
}

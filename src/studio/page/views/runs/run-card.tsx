/** A run in the list. */
import type { RunSummary } from "../../../api.ts";
import { addressOf } from "../../data/request.ts";
import { linkTo } from "../../data/route.ts";
import { countText, numberText, timeText } from "../../data/text.ts";
import { Progress } from "../../parts/progress.tsx";
import { Spark } from "../../parts/spark.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";

interface Props {
  readonly run: RunSummary;
  readonly title: string;
  readonly tags: readonly string[];
  readonly selected: boolean;
  readonly onSelect: (id: string, on: boolean) => void;
}

export function RunCard({ run, title, tags, selected, onSelect }: Props) {
  const { id, name, newestSamples, score, state, why, settings, source, began } = run;
  const address = linkTo("run", id);
  return (
    <li class="run card">
      <label class="pick">
        <input type="checkbox" checked={selected} onChange={(event) => onSelect(id, event.currentTarget.checked)} />
        <span class="hidden">Select {title} to compare</span>
      </label>
      <div class="thumb">
        {newestSamples !== undefined && (
          <img src={addressOf("sample", { id, step: newestSamples })} alt="" loading="lazy" decoding="async" />
        )}
      </div>
      <div class="what">
        <h2>
          <a href={address}>{title}</a>
          <StateBadge state={state} />
        </h2>
        <p class="place" title={id}>
          {id}
          {source !== "" && source !== name && ` · ${source}`}
          {began !== undefined && ` · ${timeText(began)}`}
        </p>
        {why !== undefined && <p class="why">{why}</p>}
        {tags.length > 0 && (
          <ul class="tags">
            {tags.map((path) => (
              <li key={path}>
                {path} <b>{settings[path] ?? "–"}</b>
              </li>
            ))}
          </ul>
        )}
      </div>
      <Progress run={run} />
      <div class="score">
        {score !== undefined && (
          <>
            <p>
              <b>{numberText(score.best)}</b> {score.name}
              <span>
                best, at step {countText(score.bestStep)} ({score.better} is better)
              </span>
            </p>
            <Spark points={score.points} bestStep={score.bestStep} />
          </>
        )}
      </div>
    </li>
  );
}

/** One run: what it does, and the parts of its page. */
import { useLive } from "../../data/live.ts";
import { linkTo } from "../../data/route.ts";
import { titlesOf } from "../../data/titles.ts";
import { useRun } from "../../data/use-run.ts";
import { Notice } from "../../parts/notice.tsx";
import { Progress } from "../../parts/progress.tsx";
import { StateBadge } from "../../parts/state-badge.tsx";
import { partsOf } from "./parts.tsx";
import { StopButton } from "./stop-button.tsx";

interface Props {
  readonly id: string;
  readonly part: string | undefined;
}

export function RunView({ id, part = "training" }: Props) {
  const { info, runs } = useLive();
  const { value: run, problem } = useRun(id);
  if (run === undefined) {
    return problem === undefined ? null : (
      <>
        <BackLink />
        <Notice kind="problem">{problem}</Notice>
      </>
    );
  }
  const parts = partsOf(run);
  const shown = parts.find(({ key }) => key === part) ?? parts[0]!;
  const { summary } = run;
  return (
    <>
      <BackLink />
      <div class="run-head">
        <div>
          <h1>
            {titlesOf([...runs.values()]).get(id) ?? summary.name} <StateBadge state={summary.state} />
          </h1>
          <p class="place">{run.path}</p>
        </div>
        <Progress run={summary} />
        {info?.allowed && <StopButton run={summary} />}
      </div>
      {summary.why !== undefined && <Notice kind="problem">{summary.why}</Notice>}
      <nav class="tabs" aria-label="Parts of this run">
        {parts.map(({ key, title }) => (
          <a key={key} href={linkTo("run", id, key)} aria-current={key === shown.key ? "page" : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <shown.Part key={shown.key} run={run} />
    </>
  );
}

const BackLink = () => (
  <a class="back" href={linkTo("runs")}>
    ← All runs
  </a>
);

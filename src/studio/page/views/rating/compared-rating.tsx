/** One blind test of several runs. */
import { linkTo } from "../../data/route.ts";
import { useRuns } from "../../data/use-runs.ts";
import { Notice } from "../../parts/notice.tsx";
import { MOST_COMPARED, namesOf } from "../compare/curves.ts";
import { RatingView } from "./rating-view.tsx";

export function ComparedRating({ ids }: { readonly ids: readonly string[] }) {
  const { runs, problem } = useRuns(ids.slice(0, MOST_COMPARED));
  const names = namesOf(runs);
  const ofImages = runs.flatMap(({ details }, i) => (details.data?.size === undefined ? [] : [{ details, i }]));
  return (
    <>
      <a class="back" href={linkTo("compare", ...ids)}>
        ← Compare
      </a>
      <h1>Real or fake?</h1>
      {problem !== undefined && <Notice kind="problem">{problem}</Notice>}
      {ofImages.length < runs.length && <Notice>Runs that do not make images are left out.</Notice>}
      {ofImages.length > 0 && (
        <>
          <ul class="compared">
            {ofImages.map(({ details: { summary }, i }) => (
              <li key={summary.id}>{names[i]}</li>
            ))}
          </ul>
          <RatingView runs={ofImages.map(({ details }) => details)} names={ofImages.map(({ i }) => names[i]!)} />
        </>
      )}
    </>
  );
}

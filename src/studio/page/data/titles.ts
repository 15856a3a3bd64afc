/** What runs are called where several have one name, as those of a sweep have. */
import type { RunSummary } from "../../api.ts";

/** More settings, or a longer list of them, are no title. */
const MOST_SETTINGS = 3;
const LONGEST = 60;

const folderOf = ({ id }: RunSummary): string => id.split("/").at(-1)!;

/** The settings in which runs differ. */
function differing(runs: readonly RunSummary[]): string[] {
  const paths = new Set(runs.flatMap(({ settings }) => Object.keys(settings)));
  return [...paths].filter((path) => runs.some(({ settings }) => settings[path] !== runs[0]!.settings[path]));
}

/** What tells each of several runs of one name from the others. */
function distinctions(runs: readonly RunSummary[]): string[] {
  const paths = differing(runs);
  const bySettings = runs.map(({ settings }) => paths.map((path) => `${path}=${settings[path] ?? "–"}`).join(", "));
  const short = paths.length <= MOST_SETTINGS && bySettings.every(({ length }) => length <= LONGEST);
  const candidates = [...(short ? [bySettings] : []), runs.map(folderOf)];
  return candidates.find((texts) => new Set(texts).size === runs.length) ?? runs.map(({ id }) => id);
}

/**
 * The titles of runs by their ids: the name alone where one run has it; else with the settings in which the runs of that
 * name differ (`mnist · loss=hinge, seed=1`), or with the folder where these are many, long or the same.
 */
export function titlesOf(runs: readonly RunSummary[]): ReadonlyMap<string, string> {
  const groups = new Map<string, RunSummary[]>();
  for (const run of runs) groups.set(run.name, [...(groups.get(run.name) ?? []), run]);
  return new Map(
    [...groups].flatMap(([name, group]) => {
      if (group.length === 1) return [[group[0]!.id, name] as const];
      const texts = distinctions(group);
      return group.map(({ id }, i) => [id, `${name} · ${texts[i]}`] as const);
    }),
  );
}

/** One number of many runs in few points, read panel by panel and again where a run has changed. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { SmallCurve } from "../../api.ts";
import { useLive } from "./live.ts";
import { read } from "./request.ts";
import { useRested } from "./use-rested.ts";

/** A small chart: the runs whose curves it has. */
export interface Panel {
  readonly key: string;
  readonly title: string;
  readonly ids: readonly string[];
}

/** Runs of one request, which the server limits. */
const MOST_IDS = 32;
/** Milliseconds between two readings. */
const REST = 3_000;

/** The curves by panel. `choice` is "number" or "score" and a name, with a space between. */
export function useSmallCurves(
  panels: readonly Panel[],
  choice: string | undefined,
): ReadonlyMap<string, readonly SmallCurve[]> {
  const { runs } = useLive();
  const [curves, setCurves] = useState<ReadonlyMap<string, readonly SmallCurve[]>>(new Map());
  /** What each panel was read for. */
  const had = useRef(new Map<string, string>());
  const last = useRef<string>(undefined);
  const names = panels.map(({ key, ids }) => [key, ...ids].join("\n")).join("\n\n");
  const versions = useRested(panels.map(({ ids }) => ids.map((id) => runs.get(id)?.version).join()).join("\n"), REST);
  useEffect(() => {
    if (choice === undefined) return;
    const gone = new AbortController();
    const [kind, name] = choice.split(/ (.*)/s, 2) as [string, string];
    const readAll = async (): Promise<void> => {
      for (const { key, ids } of panels) {
        const wish = [choice, ...ids.map((id) => `${id} ${runs.get(id)?.version}`)].join("\n");
        if (had.current.get(key) === wish || ids.length === 0) continue;
        const some = ids.slice(0, MOST_IDS);
        const found = await read<{ curves: SmallCurve[] }>("small-curves", { id: some, [kind]: name }, gone.signal);
        if (gone.signal.aborted) return;
        had.current.set(key, wish);
        setCurves((before) => new Map(before).set(key, found.curves));
      }
    };
    if (last.current !== choice) {
      last.current = choice;
      setCurves(new Map());
    }
    // What cannot be read, as of a run that was removed, is left out.
    readAll().catch(() => undefined);
    return () => gone.abort();
  }, [choice, names, versions]);
  return curves;
}

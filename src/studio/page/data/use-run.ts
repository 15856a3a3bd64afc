/** One run with its curves, read again whenever the stream says that it has changed. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Curves, RunDetails } from "../../api.ts";
import { useLive } from "./live.ts";
import { read } from "./request.ts";

/** What is known of a run, or why nothing is. */
export interface Known<T> {
  readonly value: T | undefined;
  readonly problem: string | undefined;
}

function useRead<T>(id: string, version: number, load: (signal: AbortSignal) => Promise<T>): Known<T> {
  const [known, setKnown] = useState<Known<T> & { readonly id: string }>({ id, value: undefined, problem: undefined });
  // `load` is another function at every call.
  useEffect(() => {
    const gone = new AbortController();
    load(gone.signal).then(
      (value) => gone.signal.aborted || setKnown({ id, value, problem: undefined }),
      (error: Error) => gone.signal.aborted || setKnown((before) => ({ ...before, id, problem: error.message })),
    );
    return () => gone.abort();
  }, [id, version]);
  return known.id === id ? known : { value: undefined, problem: undefined };
}

/** The version of a run; -1 where there is none. */
export const useVersion = (id: string): number => useLive().runs.get(id)?.version ?? -1;

/** Everything about a run but its curves. */
export function useRun(id: string): Known<RunDetails> {
  return useRead(id, useVersion(id), (signal) => read<RunDetails>("run", { id }, signal));
}

/** The curves of a run. Only new points are fetched. */
export function useCurves(id: string): Known<Curves> {
  const before = useRef<{ id: string; curves: Curves }>(undefined);
  return useRead(id, useVersion(id), async (signal) => {
    const had = before.current?.id === id ? before.current.curves : undefined;
    const from = Math.max(0, (had?.steps.length ?? 0) - 1);
    const part = await read<Curves>("curves", { id, generation: had?.generation ?? -1, from }, signal);
    const curves = had === undefined || part.generation !== had.generation ? part : joined(had, part);
    before.current = { id, curves };
    return curves;
  });
}

/** Earlier points, and new ones from `part.from` on. */
export function joined(before: Curves, part: Curves): Curves {
  const steps = [...before.steps.slice(0, part.from), ...part.steps];
  const values = Object.entries(part.values).map(([name, column]) => {
    const earlier = before.values[name]?.slice(0, part.from) ?? Array<null>(part.from).fill(null);
    return [name, [...earlier, ...column]] as const;
  });
  return { ...part, from: 0, steps, values: Object.fromEntries(values) };
}

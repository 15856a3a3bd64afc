/** Several runs with their curves, for comparisons. */
import { useEffect, useState } from "preact/hooks";
import type { Curves, RunDetails } from "../../api.ts";
import { useLive } from "./live.ts";
import { read } from "./request.ts";
import { useRested } from "./use-rested.ts";

/** A run of a comparison. */
export interface ComparedRun {
  readonly details: RunDetails;
  readonly curves: Curves;
}

/** The runs that could be read, in the order of their ids, and the problem with the others. */
export interface ComparedRuns {
  readonly runs: readonly ComparedRun[];
  readonly problem: string | undefined;
}

/** Milliseconds between two readings of runs that are trained. */
const REST = 2_000;

/** Reads the runs, and again when one has changed. */
export function useRuns(ids: readonly string[]): ComparedRuns {
  const { runs } = useLive();
  const [known, setKnown] = useState<ComparedRuns>({ runs: [], problem: undefined });
  const names = ids.join("\n");
  const versions = useRested(ids.map((id) => `${id} ${runs.get(id)?.version}`).join("\n"), REST);
  useEffect(() => {
    const gone = new AbortController();
    const readRun = async (id: string): Promise<ComparedRun> => {
      const [details, curves] = await Promise.all([
        read<RunDetails>("run", { id }, gone.signal),
        read<Curves>("curves", { id }, gone.signal),
      ]);
      return { details, curves };
    };
    const readAll = async (): Promise<void> => {
      const results = await Promise.allSettled(ids.map(readRun));
      if (gone.signal.aborted) return;
      const failed = results.find((result) => result.status === "rejected");
      setKnown({
        runs: results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : [])),
        problem: failed && (failed.reason as Error).message,
      });
    };
    void readAll();
    return () => gone.abort();
  }, [names, versions]);
  return known;
}

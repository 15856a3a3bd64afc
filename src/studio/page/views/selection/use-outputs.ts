/** D's outputs of a run over time, and the batch of one step. */
import { useEffect, useState } from "preact/hooks";
import type { Batch, Outputs } from "../../../api.ts";
import { read } from "../../data/request.ts";
import { useVersion } from "../../data/use-run.ts";

/** The outputs of every step that the log has; undefined until they have been read. */
export function useOutputs(id: string): {
  readonly outputs: readonly Outputs[] | undefined;
  readonly problem: string | undefined;
} {
  const version = useVersion(id);
  const [known, setKnown] = useState<ReturnType<typeof useOutputs>>({ outputs: undefined, problem: undefined });
  // `version` says when there is something new.
  useEffect(() => {
    const gone = new AbortController();
    read<{ outputs: Outputs[] }>("outputs", { id }, gone.signal).then(
      ({ outputs }) => gone.signal.aborted || setKnown({ outputs, problem: undefined }),
      (error: Error) => gone.signal.aborted || setKnown((before) => ({ ...before, problem: error.message })),
    );
    return () => gone.abort();
  }, [id, version]);
  return known;
}

/** The batch of a step. While another one is read, the last one stays. */
export function useBatch(id: string, step: number | undefined): Batch | undefined {
  const [batch, setBatch] = useState<Batch>();
  useEffect(() => {
    if (step === undefined) return;
    const gone = new AbortController();
    read<Batch>("batch", { id, step }, gone.signal).then(
      (found) => gone.signal.aborted || setBatch(found),
      () => undefined,
    );
    return () => gone.abort();
  }, [id, step]);
  return batch;
}

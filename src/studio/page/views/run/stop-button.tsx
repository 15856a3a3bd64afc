/** Asks the run's process to stop: it finishes the step and writes a checkpoint, as after Ctrl-C. */
import { useState } from "preact/hooks";
import type { RunSummary } from "../../../api.ts";
import { ask } from "../../data/request.ts";
import { Notice } from "../../parts/notice.tsx";

export function StopButton({ run: { id, state } }: { readonly run: RunSummary }) {
  const [asked, setAsked] = useState(false);
  const [problem, setProblem] = useState<string>();
  if (state !== "training" && state !== "preparing" && state !== "stopping") return null;
  const stop = async (): Promise<void> => {
    setAsked(false);
    try {
      await ask("stop", { run: id });
      setProblem(undefined);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <div class="stop">
      {asked ? (
        <>
          <span>It finishes the step and saves a checkpoint.</span>
          <button type="button" class="danger" onClick={stop}>
            Stop training
          </button>
          <button type="button" onClick={() => setAsked(false)}>
            Go on
          </button>
        </>
      ) : (
        <button type="button" disabled={state === "stopping"} onClick={() => setAsked(true)}>
          {state === "stopping" ? "Stopping …" : "Stop …"}
        </button>
      )}
      {problem !== undefined && <Notice kind="problem">{problem}</Notice>}
    </div>
  );
}

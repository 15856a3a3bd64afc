/** Real or fake? A blind test on real and generated images of a run, by keyboard, and what people said so far. */
import { useEffect, useState } from "preact/hooks";
import type { RatedTest, RunDetails } from "../../../api.ts";
import { useLive } from "../../data/live.ts";
import { ask, read } from "../../data/request.ts";
import type { SentImages } from "../../data/use-drawing.ts";
import { Notice } from "../../parts/notice.tsx";
import { BlindTest } from "./blind-test.tsx";
import { Results } from "./results.tsx";
import { TestSetup, type TestWish } from "./test-setup.tsx";

/** A test that has begun. */
export interface StartedTest extends SentImages {
  readonly test: string;
}

export function RatingView({ run }: { readonly run: RunDetails }) {
  const { info } = useLive();
  const { id } = run.summary;
  const [tests, setTests] = useState<readonly RatedTest[]>([]);
  const [running, setRunning] = useState<{ readonly wish: TestWish; readonly images: StartedTest }>();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    read<{ tests: RatedTest[] }>("ratings", { id }).then(
      (found) => setTests(found.tests),
      (error: Error) => setProblem(error.message),
    );
  }, [id]);

  const start = async (wish: TestWish): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      setRunning({ wish, images: await ask<StartedTest>("test", { run: id, ...wish }) });
    } catch (error) {
      setProblem((error as Error).message);
    }
    setBusy(false);
  };
  const finish = async (answers: readonly (boolean | null)[]): Promise<void> => {
    const test = running?.images.test;
    setRunning(undefined);
    try {
      const { result } = await ask<{ result: RatedTest }>("rate", { test, answers });
      setTests((before) => [...before, result]);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };

  if (running !== undefined) {
    return <BlindTest {...running} onDone={finish} onGiveUp={() => setRunning(undefined)} />;
  }
  const canDraw = info?.allowed === true && run.checkpoints.length > 0;
  return (
    <div class="rating">
      {problem !== undefined && <Notice kind="problem">{problem}</Notice>}
      {!info?.allowed && <Notice>A test needs the address with the token, which the terminal printed.</Notice>}
      {run.checkpoints.length === 0 && <Notice>There is no checkpoint to draw from yet.</Notice>}
      {canDraw && <TestSetup run={run} busy={busy} onStart={start} />}
      <Results tests={tests} />
    </div>
  );
}

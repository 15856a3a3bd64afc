/** Real or fake? A blind test on real and generated images of chosen runs, by keyboard, and what people said so far. */
import { useEffect, useState } from "preact/hooks";
import type { RatedTest, RunDetails } from "../../../api.ts";
import { useLive } from "../../data/live.ts";
import { ask, read } from "../../data/request.ts";
import { Notice } from "../../parts/notice.tsx";
import { BlindTest, type StartedTest } from "./blind-test.tsx";
import { type NamedTest, Results } from "./results.tsx";
import { TestSetup, type TestWish } from "./test-setup.tsx";

/** The part of one run's page. */
export const RatingPart = ({ run }: { readonly run: RunDetails }) => <RatingView runs={[run]} names={[""]} />;

interface Props {
  /** Runs of images. */
  readonly runs: readonly RunDetails[];
  readonly names: readonly string[];
}

export function RatingView({ runs, names }: Props) {
  const { info } = useLive();
  const ids = runs.map(({ summary }) => summary.id);
  const [tests, setTests] = useState<readonly NamedTest[]>([]);
  const [running, setRunning] = useState<{ readonly wish: TestWish; readonly started: StartedTest }>();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const named = (run: number, list: readonly RatedTest[]): NamedTest[] =>
    list.map((test) => ({ test, run: names[run]! }));

  useEffect(() => {
    Promise.all(ids.map((id) => read<{ tests: RatedTest[] }>("ratings", { id }))).then(
      (found) => setTests(found.flatMap((one, run) => named(run, one.tests))),
      (error: Error) => setProblem(error.message),
    );
  }, [ids.join("\n")]);

  const start = async (wish: TestWish): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      setRunning({ wish, started: await ask<StartedTest>("test", { runs: ids, ...wish }) });
    } catch (error) {
      setProblem((error as Error).message);
    }
    setBusy(false);
  };
  const finish = async (answers: readonly (boolean | null)[]): Promise<void> => {
    const test = running?.started.test;
    setRunning(undefined);
    try {
      const { results } = await ask<{ results: RatedTest[] }>("rate", { test, answers });
      setTests((before) => [...before, ...results.flatMap((result, run) => named(run, [result]))]);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };

  if (running !== undefined) {
    return <BlindTest {...running} onDone={finish} onGiveUp={() => setRunning(undefined)} />;
  }
  const hasCheckpoints = runs.every(({ checkpoints }) => checkpoints.length > 0);
  return (
    <div class="rating">
      {problem !== undefined && <Notice kind="problem">{problem}</Notice>}
      {!info?.allowed && <Notice>A test needs the address with the token, which the terminal printed.</Notice>}
      {!hasCheckpoints && (
        <Notice>
          {runs.length === 1 ? "There is no checkpoint to draw from yet." : "One of the runs has no checkpoint yet."}
        </Notice>
      )}
      {info?.allowed && hasCheckpoints && <TestSetup runs={runs} busy={busy} onStart={start} />}
      <Results tests={tests} />
    </div>
  );
}

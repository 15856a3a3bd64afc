/** Chooses how a blind test of one or several runs is made. Shares compare only between tests that were made alike. */
import { useState } from "preact/hooks";
import type { RunDetails } from "../../../api.ts";
import { countText } from "../../data/text.ts";

/** What a test is made of. */
export interface TestWish {
  readonly mode: "single" | "pairs";
  readonly checkpoint: "last" | "best" | number;
  readonly averaged: boolean;
  readonly truncation: null;
  readonly seed: number;
  readonly count: number;
  /** Side of an image on the screen in CSS pixels. */
  readonly shown: number;
  readonly seconds: number | null;
}

interface Props {
  readonly runs: readonly RunDetails[];
  readonly busy: boolean;
  readonly onStart: (wish: TestWish) => void;
}

type Value = "last" | "best" | number | null;

const COUNTS = [10, 20, 50];
const SIDES = [96, 160, 256];
const LIMITS = [null, 1, 2, 5];

export function TestSetup({ runs, busy, onStart }: Props) {
  const [wish, setWish] = useState<TestWish>({
    mode: "single",
    checkpoint: "last",
    averaged: true,
    truncation: null,
    seed: 1,
    count: 20,
    shown: 160,
    seconds: null,
  });
  const set = (change: Partial<TestWish>): void => setWish({ ...wish, ...change });
  // Training removes old checkpoints: then the newest takes the place of the chosen one.
  const steps = runs.length === 1 ? runs[0]!.checkpoints.toReversed() : [];
  const isGone = typeof wish.checkpoint === "number" && !steps.includes(wish.checkpoint);
  const now: TestWish = isGone ? { ...wish, checkpoint: "last" } : wish;
  const isEvaluated = runs.every(({ summary }) => summary.score !== undefined);
  const choice = (name: keyof TestWish, title: string, values: readonly (readonly [Value, string])[]) => (
    <label>
      {title}
      <select
        value={String(now[name])}
        onChange={({ currentTarget: { value } }) =>
          set({ [name]: values.find(([one]) => String(one) === value)?.[0] ?? null })
        }
      >
        {values.map(([value, text]) => (
          <option key={String(value)} value={String(value)}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <form
      class="card controls"
      onSubmit={(event) => {
        event.preventDefault();
        onStart(now);
      }}
    >
      <h2>A new test</h2>
      <p class="note">
        You see real and generated images{runs.length > 1 && " of all these runs"} in a mixed order and say which are
        real. By keyboard: the arrow keys. The answers are saved in {runs.length > 1 ? "each run" : "the run"}.
      </p>
      <div class="row">
        <label>
          Kind
          <select
            value={wish.mode}
            onChange={({ currentTarget: { value } }) => set({ mode: value === "pairs" ? "pairs" : "single" })}
          >
            <option value="single">One image: real or generated?</option>
            <option value="pairs">Two images: which one is real?</option>
          </select>
        </label>
        {choice("checkpoint", runs.length === 1 ? "Checkpoint" : "Checkpoints", [
          ["last", "Newest"],
          ...(isEvaluated ? [["best", "Best"] as const] : []),
          ...steps.map((step) => [step, `Step ${countText(step)}`] as const),
        ])}
        {choice(
          "count",
          `${wish.mode === "pairs" ? "Pairs" : "Images of each kind"}${runs.length === 1 ? "" : " for each run"}`,
          COUNTS.map((count) => [count, String(count)]),
        )}
        {choice(
          "shown",
          "Size on the screen",
          SIDES.map((side) => [side, `${side} px`]),
        )}
        {choice(
          "seconds",
          "Time for each",
          LIMITS.map((limit) => [limit, limit === null ? "no limit" : `${limit} s`]),
        )}
        <label>
          Seed
          <input
            type="number"
            min={0}
            max={4294967295}
            value={wish.seed}
            onInput={({ currentTarget: { valueAsNumber } }) => {
              if (Number.isInteger(valueAsNumber) && valueAsNumber >= 0 && valueAsNumber < 2 ** 32)
                set({ seed: valueAsNumber });
            }}
          />
        </label>
      </div>
      <button type="submit" class="button primary" disabled={busy}>
        {busy ? "Drawing the images …" : "Begin"}
      </button>
    </form>
  );
}

/** The questions of a blind test, one after the other. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { SentImages } from "../../data/use-drawing.ts";
import { Tile } from "../../parts/tile.tsx";
import type { TestWish } from "./test-setup.tsx";

/** A test that has begun. */
export interface StartedTest {
  readonly test: string;
  /** The images of each run. */
  readonly sheets: readonly SentImages[];
  /** The questions in their order: the run that one is about, and its number among those of this run. */
  readonly questions: readonly (readonly [sheet: number, number: number])[];
}

interface Props {
  readonly wish: TestWish;
  readonly started: StartedTest;
  readonly onDone: (answers: readonly (boolean | null)[]) => void;
  readonly onGiveUp: () => void;
}

const SIDES = ["The left image", "The right image"];

export function BlindTest({ wish, started: { sheets, questions }, onDone, onGiveUp }: Props) {
  const { mode, shown, seconds } = wish;
  const answers = useRef<(boolean | null)[]>([]);
  const [number, setNumber] = useState(0);
  const first = useRef<HTMLButtonElement>(null);
  const answer = (value: boolean | null): void => {
    answers.current.push(value);
    if (answers.current.length === questions.length) onDone(answers.current);
    else setNumber(answers.current.length);
  };

  // A question has one timer.
  useEffect(() => {
    if (seconds === null) return;
    const timer = setTimeout(() => answer(null), 1_000 * seconds);
    return () => clearTimeout(timer);
  }, [number]);

  // The handler reads the answers where they are.
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.repeat || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
      event.preventDefault();
      answer(event.key === "ArrowLeft");
    };
    addEventListener("keydown", press);
    first.current?.focus();
    return () => removeEventListener("keydown", press);
  }, []);

  const [left, right] = mode === "pairs" ? ["The left one is real", "The right one is real"] : ["Real", "Generated"];
  const side = { width: `${shown}px` };
  const [sheet, place] = questions[number]!;
  return (
    <section class="card blind-test" aria-label="Blind test">
      <p class="hint" aria-live="polite">
        {number + 1} of {questions.length}
      </p>
      <div class="blind-images">
        {(mode === "pairs" ? [2 * place, 2 * place + 1] : [place]).map((index, i) => (
          <div key={`${sheet} ${index}`} style={side}>
            <Tile images={sheets[sheet]!} index={index} name={mode === "pairs" ? SIDES[i]! : "The image"} />
          </div>
        ))}
      </div>
      <div class="blind-answers">
        <button ref={first} type="button" onClick={() => answer(true)}>
          ← {left}
        </button>
        <button type="button" onClick={() => answer(false)}>
          {right} →
        </button>
      </div>
      <button type="button" class="plain" onClick={onGiveUp}>
        Give up; nothing is saved
      </button>
    </section>
  );
}

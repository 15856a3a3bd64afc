/** The questions of a blind test, one after the other. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { SentImages } from "../../data/use-drawing.ts";
import { Tile } from "../../parts/tile.tsx";
import type { TestWish } from "./test-setup.tsx";

interface Props {
  readonly wish: TestWish;
  readonly images: SentImages;
  readonly onDone: (answers: readonly (boolean | null)[]) => void;
  readonly onGiveUp: () => void;
}

export function BlindTest({ wish, images, onDone, onGiveUp }: Props) {
  const { mode, count, shown, seconds } = wish;
  const questions = mode === "pairs" ? count : 2 * count;
  const answers = useRef<(boolean | null)[]>([]);
  const [number, setNumber] = useState(0);
  const first = useRef<HTMLButtonElement>(null);
  const answer = (value: boolean | null): void => {
    answers.current.push(value);
    if (answers.current.length === questions) onDone(answers.current);
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
  return (
    <section class="card blind-test" aria-label="Blind test">
      <p class="hint" aria-live="polite">
        {number + 1} of {questions}
      </p>
      <div class="blind-images">
        {(mode === "pairs" ? [2 * number, 2 * number + 1] : [number]).map((index) => (
          <div key={index} style={side}>
            <Tile images={images} index={index} name={`Image ${index + 1}`} />
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

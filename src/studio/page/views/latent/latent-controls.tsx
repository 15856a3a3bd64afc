/** What is drawn from: checkpoint, weights, seed, truncation and class. */
import type { RunDetails } from "../../../api.ts";
import { countText } from "../../data/text.ts";

/** A choice of what is drawn. */
export interface LatentChoice {
  readonly checkpoint: "last" | number;
  readonly averaged: boolean;
  readonly seed: number;
  /** Latents beyond this many standard deviations are drawn again; null: none. */
  readonly truncation: number | null;
  /** null: all classes in turn. */
  readonly classIndex: number | null;
}

interface Props {
  readonly run: RunDetails;
  readonly choice: LatentChoice;
  readonly onChange: (choice: LatentChoice) => void;
}

/** The slider's right end means no truncation. */
const WIDEST = 3;
/** More classes than this make a list that nobody reads. */
const MOST_CLASSES = 1_000;

export function LatentControls({ run, choice, onChange }: Props) {
  const { checkpoint, averaged, seed, truncation, classIndex } = choice;
  const set = (change: Partial<LatentChoice>): void => onChange({ ...choice, ...change });
  const best = run.summary.score?.bestStep;
  const classes = run.data?.classes.slice(0, MOST_CLASSES) ?? [];
  const conditional = run.summary.settings["generator.conditional"] !== "false" && classes.length > 0;
  return (
    <section class="card controls" aria-label="What is drawn">
      <label>
        Checkpoint
        <select
          value={String(checkpoint)}
          onChange={({ currentTarget: { value } }) => set({ checkpoint: value === "last" ? "last" : Number(value) })}
        >
          <option value="last">Newest</option>
          {run.checkpoints.toReversed().map((step) => (
            <option key={step} value={step}>
              Step {countText(step)}
              {step === best && ", best"}
            </option>
          ))}
        </select>
      </label>
      <label>
        Seed
        <span class="pair">
          <input
            type="number"
            min={0}
            max={4294967295}
            value={seed}
            onInput={({ currentTarget: { valueAsNumber } }) => {
              if (Number.isInteger(valueAsNumber) && valueAsNumber >= 0 && valueAsNumber < 2 ** 32)
                set({ seed: valueAsNumber });
            }}
          />
          <button type="button" onClick={() => set({ seed: (seed + 1) % 2 ** 32 })}>
            Next
          </button>
        </span>
      </label>
      <label>
        <span>
          Truncation <output>{truncation === null ? "none" : truncation.toFixed(2)}</output>
        </span>
        <input
          type="range"
          min={0.1}
          max={WIDEST}
          step={0.05}
          value={truncation ?? WIDEST}
          aria-valuetext={truncation === null ? "none" : `${truncation.toFixed(2)} standard deviations`}
          onInput={({ currentTarget: { valueAsNumber } }) =>
            set({ truncation: valueAsNumber >= WIDEST ? null : valueAsNumber })
          }
        />
      </label>
      {conditional && (
        <label>
          Class
          <select
            value={classIndex ?? ""}
            onChange={({ currentTarget: { value } }) => set({ classIndex: value === "" ? null : Number(value) })}
          >
            <option value="">All in turn</option>
            {classes.map((name, label) => (
              <option key={label} value={label}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <label class="check">
        <input
          type="checkbox"
          checked={averaged}
          onChange={(event) => set({ averaged: event.currentTarget.checked })}
        />
        Averaged weights, where the run keeps them
      </label>
    </section>
  );
}

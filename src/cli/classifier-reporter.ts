/** How the training of a classifier reports: text, JSON lines, or (quietly) only the file at the end. */
import { counted } from "../base/counted.ts";
import type { Dataset, PackProgress } from "../data/index.ts";
import type { ClassifierEpoch, ClassifierTick, ClassifierTraining } from "../training/index.ts";
import { canRedraw, clock, duration, jsonLines, Remaining, StatusLine, type Stream, throttled } from "./progress.ts";
import type { OutputFlags } from "./reporter.ts";

/** The result of the training. */
export interface ClassifierResult {
  readonly file: string;
  readonly correct: number;
  readonly count: number;
  readonly history: readonly ClassifierEpoch[];
}

/** How `gantry train-classifier` reports. */
export interface ClassifierReporter extends Required<NonNullable<ClassifierTraining["events"]>> {
  preparing(progress: PackProgress): void;
  start(name: string, train: Dataset, test: Dataset): void;
  /** A signal asked to stop. */
  stopping(): void;
  /** It was stopped before its end. */
  stopped(): void;
  end(result: ClassifierResult): void;
}

/** The reporter that the flags ask for. */
export function classifierReporter(flags: OutputFlags, out: Stream = process.stdout): ClassifierReporter {
  if (flags.json) return jsonReporter(out);
  return flags.quiet ? quietReporter(out) : new TextReporter(out);
}

/** Share as a percentage with the digits that a count of thousands has. */
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

const secondsSince = (start: number): number => (performance.now() - start) / 1000;

/** One object per line: `event` is preparing, start, begin, tick, epoch, testing, stopping, stopped or end. */
function jsonReporter(out: Stream): ClassifierReporter {
  const started = performance.now();
  const write = jsonLines(out);
  const line = (event: string, content: object = {}) =>
    write(event, { ...content, seconds: Math.round(secondsSince(started) * 10) / 10 });
  const note = ({ name, count, protocolNote, usage }: Dataset): object => ({ name, count, note: protocolNote, usage });
  return {
    preparing: throttled((progress) => line("preparing", progress), 500),
    start: (name, train, test) => line("start", { name, train: note(train), test: note(test) }),
    begin: (steps, parameters) => line("begin", { steps, parameters }),
    tick: throttled((tick) => line("tick", tick), 5000),
    epoch: (epoch) => line("epoch", epoch),
    testing: (count) => line("testing", { count }),
    stopping: () => line("stopping"),
    stopped: () => line("stopped"),
    end: ({ file, correct, count }) => line("end", { file, correct, count, accuracy: correct / count }),
  };
}

function quietReporter(out: Stream): ClassifierReporter {
  const no = (): void => {};
  const nothing = { preparing: no, start: no, begin: no, tick: no, epoch: no, testing: no, stopping: no, stopped: no };
  return { ...nothing, end: ({ file }) => out.write(`${file}\n`) };
}

class TextReporter implements ClassifierReporter {
  readonly #out: Stream;
  readonly #status: StatusLine;
  readonly #remaining = new Remaining();
  #began = performance.now();
  readonly preparing: (progress: PackProgress) => void;
  readonly tick: (tick: ClassifierTick) => void;

  constructor(out: Stream) {
    this.#out = out;
    this.#status = new StatusLine(out);
    // If lines cannot be redrawn, every update is a line of its own: write fewer.
    const interval = canRedraw(out) ? 200 : 10_000;
    this.preparing = throttled(
      ({ name, done, total }) => this.#status.update(`Preparing ${name}: ${done} of ${counted(total, "image")}`),
      interval,
    );
    this.tick = throttled(({ step, steps, epoch, loss, accuracy }) => {
      const left = clock(this.#remaining.update(step, steps));
      const numbers = `loss ${loss.toFixed(3)}  training accuracy ${percent(accuracy)}`;
      this.#status.update(`${step}/${steps}  epoch ${epoch.toFixed(2)}  ${numbers}  ETA ${left}`);
    }, interval);
  }

  start(name: string, train: Dataset, test: Dataset): void {
    this.#out.write(
      `${name}-classifier: ${train.count} training and ${test.count} test images of ${counted(train.classes.length, "class", "classes")}\n`,
    );
    for (const { usage } of [train, test]) if (usage !== undefined) this.#out.write(`${usage}\n`);
  }

  begin(steps: number, parameters: number): void {
    this.#began = performance.now();
    this.#remaining.update(0, steps);
    this.#status.print(`Training a network of ${parameters} parameters for ${counted(steps, "step")}`);
  }

  epoch({ epoch, loss, accuracy }: ClassifierEpoch): void {
    this.#status.print(`Epoch ${epoch}: loss ${loss.toFixed(3)}, training accuracy ${percent(accuracy)}`);
  }

  testing(count: number): void {
    this.#status.update(`Testing on ${counted(count, "image")}`);
  }

  stopping(): void {
    this.#status.print("Stopping after this step: an unfinished classifier is not written.");
  }

  stopped(): void {
    this.#status.end();
    this.#out.write("Stopped; nothing was written.\n");
  }

  end({ file, correct, count }: ClassifierResult): void {
    this.#status.end();
    this.#out.write(
      `Test accuracy ${percent(correct / count)} (${correct} of ${count}) after ${duration(secondsSince(this.#began))}.\n` +
        `  classifier  ${file}\n`,
    );
  }
}

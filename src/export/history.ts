/**
 * The valid lines of a run's log with the time at which each was written. A tick has the seconds of training instead of
 * a time: it is counted from the event before it.
 */
import type { LogLine, OutputsEvent, RunDirectory, RunEvent, ScoresEvent, Tick } from "../training/index.ts";

/** A line with its time in seconds since 1970. */
export interface Timed {
  readonly line: Tick | ScoresEvent | OutputsEvent;
  readonly time: number;
}

/** Whether a line is a beginning or an end of a session. */
const isRunEvent = (line: LogLine): line is RunEvent =>
  "event" in line && line.event !== "scores" && line.event !== "outputs";

/** Lines in the order of the log; of the steps that a resumed run made again, the later ones. */
export function history(directory: Pick<RunDirectory, "lines">): Timed[] {
  let found: Timed[] = [];
  let anchor = { time: 0, seconds: 0 };
  let seconds = 0;
  for (const line of directory.lines()) {
    if ("time" in line) anchor = { time: Date.parse(String(line.time)) / 1000 || anchor.time, seconds };
    if (isRunEvent(line)) {
      if (line.event !== "start" && line.event !== "resume") continue;
      found = found.filter((earlier) => earlier.line.step <= line.step);
      seconds = found.reduce((last, { line: one }) => ("event" in one ? last : (one as Tick).seconds), 0);
      anchor = { ...anchor, seconds };
    } else if ("event" in line) {
      found.push({ line: line as ScoresEvent | OutputsEvent, time: anchor.time });
    } else {
      seconds = line.seconds;
      found.push({ line, time: anchor.time + seconds - anchor.seconds });
    }
  }
  return found;
}

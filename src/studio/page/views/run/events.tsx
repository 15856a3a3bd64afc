/** What happened to a run: its sessions and failures. */
import type { RunLine } from "../../../api.ts";
import { countText, timeText } from "../../data/text.ts";

const NAMES: Readonly<Record<string, string>> = {
  start: "started",
  resume: "resumed",
  stop: "stopped",
  finish: "finished",
  fail: "failed",
  unscored: "could not be scored",
};

export function Events({ events }: { readonly events: readonly RunLine[] }) {
  if (events.length === 0) return null;
  return (
    <section class="card events">
      <h2>Events</h2>
      <ol>
        {events.map(({ event, step, time, message }, i) => (
          <li key={i}>
            <time dateTime={time}>{timeText(time)}</time>
            <span>
              <b>{NAMES[event] ?? event}</b> at step {countText(step)}
              {message !== undefined && <>: {message}</>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

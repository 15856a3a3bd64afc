/** All runs as they are now: read once, then kept up to date by the server's stream of changes. */
import { useEffect, useState } from "preact/hooks";
import type { Changes, RunSummary, StudioInfo } from "../../api.ts";
import { addressOf, read } from "./request.ts";

/** What every view shares. */
export interface Live {
  readonly runs: ReadonlyMap<string, RunSummary>;
  readonly info: StudioInfo | undefined;
  /** False until the runs have been read. */
  readonly ready: boolean;
  /** Whether changes arrive. */
  readonly connected: boolean;
  /** Why nothing can be read. */
  readonly problem: string | undefined;
}

let live: Live = { runs: new Map(), info: undefined, ready: false, connected: false, problem: undefined };
const listeners = new Set<(live: Live) => void>();

function set(change: Partial<Live>): void {
  live = { ...live, ...change };
  for (const listener of listeners) listener(live);
}

async function readAll(): Promise<void> {
  try {
    const [info, { runs }] = await Promise.all([read<StudioInfo>("info"), read<{ runs: RunSummary[] }>("runs")]);
    set({ info, runs: new Map(runs.map((run) => [run.id, run])), ready: true, problem: undefined });
  } catch (error) {
    set({ problem: (error as Error).message });
  }
}

function take(changes: Changes): void {
  const runs = new Map(live.runs);
  for (const run of changes.runs) runs.set(run.id, run);
  for (const id of changes.removed) runs.delete(id);
  set({ runs });
}

/** Connects to the stream; the browser connects again by itself when it is cut. */
function connect(): void {
  const stream = new EventSource(addressOf("changes"));
  stream.onopen = () => {
    set({ connected: true });
    // What changed while there was no connection is not sent again.
    void readAll();
  };
  stream.onmessage = ({ data }) => take(JSON.parse(data as string) as Changes);
  stream.onerror = () => {
    set({ connected: false });
    if (stream.readyState !== EventSource.CLOSED) return;
    stream.close();
    setTimeout(connect, 3_000);
  };
}

/** The state of all runs; the component is drawn again when it changes. */
export function useLive(): Live {
  const [now, setNow] = useState(live);
  useEffect(() => {
    listeners.add(setNow);
    setNow(live);
    if (listeners.size === 1 && !live.ready) {
      void readAll();
      connect();
    }
    return () => void listeners.delete(setNow);
  }, []);
  return now;
}

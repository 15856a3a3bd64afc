/** The table of the sweep that all compared runs belong to. */
import { useEffect, useState } from "preact/hooks";
import type { SweepCells } from "../../api.ts";
import { read } from "./request.ts";

/** The folder of a sweep in whose folder `runs` all these runs are; undefined where there is none. */
export function commonSweep(ids: readonly string[]): string | undefined {
  const folders = ids.map((id) => /^(?:(.+)\/)?runs\/[^/]+$/.exec(id));
  if (folders.length === 0 || folders.includes(null)) return undefined;
  const [first, ...others] = folders.map((found) => found![1] ?? ".");
  return others.every((folder) => folder === first) ? first : undefined;
}

/** The sweep of these runs; null where they are not of one. It is read again when `version` changes. */
export function useSweep(ids: readonly string[], version: string): SweepCells | null {
  const [sweep, setSweep] = useState<SweepCells | null>(null);
  const folder = commonSweep(ids);
  // Any run of the sweep has its table.
  useEffect(() => {
    if (folder === undefined) {
      setSweep(null);
      return;
    }
    const gone = new AbortController();
    read<{ sweep: SweepCells | null }>("sweep", { id: ids[0]! }, gone.signal).then(
      (found) => gone.signal.aborted || setSweep(found.sweep),
      () => undefined,
    );
    return () => gone.abort();
  }, [folder, version]);
  return sweep;
}

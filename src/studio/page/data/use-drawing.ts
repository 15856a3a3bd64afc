/** Something that the engine draws for the page. A newer wish takes the place of an older one that still waits. */
import { useEffect, useState } from "preact/hooks";
import { ask } from "./request.ts";

/** What was drawn last, and whether something newer is on its way. */
export interface Drawing<T> {
  readonly value: T | undefined;
  readonly busy: boolean;
  readonly problem: string | undefined;
}

/** Milliseconds that a wish must last: a slider passes many values. */
const REST = 120;

/** Images as the server sends them. */
export interface SentImages {
  readonly png: string;
  readonly count: number;
  readonly columns: number;
  /** Width and height of one image in pixels. */
  readonly side: number;
  readonly height: number;
  readonly step: number;
  readonly labels?: readonly number[];
  readonly distances?: readonly number[];
  /** What must be known of them. */
  readonly note?: string;
}

/** Asks for `wish` whenever it or `version` changes; undefined asks for nothing. */
export function useDrawing<T>(path: string, wish: object | undefined, version = 0): Drawing<T> {
  const [drawing, setDrawing] = useState<Drawing<T>>({ value: undefined, busy: false, problem: undefined });
  const key = wish === undefined ? undefined : JSON.stringify(wish);
  useEffect(() => {
    if (key === undefined) return;
    const gone = new AbortController();
    setDrawing((before) => ({ ...before, busy: true }));
    const timer = setTimeout(async () => {
      try {
        const value = await ask<T>(path, JSON.parse(key) as object, gone.signal);
        if (!gone.signal.aborted) setDrawing({ value, busy: false, problem: undefined });
      } catch (error) {
        if (!gone.signal.aborted)
          setDrawing((before) => ({ ...before, busy: false, problem: (error as Error).message }));
      }
    }, REST);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [path, key, version]);
  return drawing;
}

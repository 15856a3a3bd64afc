/** A value that changes often, passed on at most once in some time: what is trained changes several times a second. */
import { useEffect, useRef, useState } from "preact/hooks";

/** The value as it was at most `rest` milliseconds ago. It is passed on also while it goes on changing. */
export function useRested<T>(value: T, rest: number): T {
  const [shown, setShown] = useState(value);
  const last = useRef(performance.now());
  useEffect(() => {
    if (value === shown) return;
    const pass = (): void => {
      last.current = performance.now();
      setShown(value);
    };
    const timer = setTimeout(pass, Math.max(0, last.current + rest - performance.now()));
    return () => clearTimeout(timer);
  }, [value, shown]);
  return shown;
}

/** A choice of the user that this browser remembers. */
import { useState } from "preact/hooks";

function stored<T>(key: string, standard: T): T {
  try {
    const text = localStorage.getItem(key);
    return text === null ? standard : (JSON.parse(text) as T);
  } catch {
    return standard;
  }
}

/** Like `useState`, for a value that JSON can hold. */
export function useRemembered<T>(name: string, standard: T): [T, (value: T) => void] {
  const key = `gantry-${name}`;
  const [value, setValue] = useState(() => stored(key, standard));
  return [
    value,
    (next: T) => {
      localStorage.setItem(key, JSON.stringify(next));
      setValue(next);
    },
  ];
}

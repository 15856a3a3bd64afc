/** The address behind the `#` names the view: `#/runs`, `#/run/<id>/<view>`, `#/compare/<id>/<id>`, `#/rating/<id>/<id>`. */
import { useEffect, useState } from "preact/hooks";

/** The parts of the address. */
const partsNow = (): string[] =>
  location.hash
    .replace(/^#\/?/, "")
    .split("/")
    .filter((part) => part !== "")
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });

/** An address for a link. */
export const linkTo = (...parts: readonly string[]): string => `#/${parts.map(encodeURIComponent).join("/")}`;

/** Goes to a view. */
export function goTo(...parts: readonly string[]): void {
  location.hash = linkTo(...parts);
}

/** The parts of the address; the component is drawn again when they change. */
export function useRoute(): readonly string[] {
  const [parts, setParts] = useState(partsNow);
  useEffect(() => {
    const changed = (): void => setParts(partsNow());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return parts;
}

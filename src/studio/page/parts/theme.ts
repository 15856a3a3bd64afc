/** Light, dark, or as the system is; and the colours of curves, which are those of the style sheet. */
import { useEffect, useState } from "preact/hooks";

export type Theme = "system" | "light" | "dark";

const KEY = "gantry-theme";
const listeners = new Set<() => void>();
const preference = matchMedia("(prefers-color-scheme: dark)");
preference.addEventListener("change", () => {
  applyTheme();
  for (const listener of listeners) listener();
});

/** The chosen theme. */
export const chosenTheme = (): Theme => (localStorage.getItem(KEY) as Theme | null) ?? "system";

/** Chooses a theme and remembers it. */
export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  applyTheme();
  for (const listener of listeners) listener();
}

/** Gives the page the chosen theme. */
export function applyTheme(): void {
  document.documentElement.dataset.theme = nameNow();
}

const nameNow = (): "light" | "dark" => {
  const chosen = chosenTheme();
  if (chosen !== "system") return chosen;
  return preference.matches ? "dark" : "light";
};

/** The theme that is shown; the component is drawn again when it changes. */
export function useThemeName(): "light" | "dark" {
  const [name, setName] = useState(nameNow);
  useEffect(() => {
    const changed = (): void => setName(nameNow());
    listeners.add(changed);
    return () => void listeners.delete(changed);
  }, []);
  return name;
}

/** The colour of a curve, as the style sheet has it. */
export const curveColour = (element: Element, colour: number): string =>
  getComputedStyle(element)
    .getPropertyValue(`--curve-${colour % 8}`)
    .trim();

/** Chooses light, dark, or what the system has. */
import { useState } from "preact/hooks";
import { chooseTheme, chosenTheme, type Theme } from "./theme.ts";

export function ThemeChoice() {
  const [theme, setTheme] = useState<Theme>(chosenTheme);
  const choose = (event: Event): void => {
    const chosen = (event.currentTarget as HTMLSelectElement).value as Theme;
    chooseTheme(chosen);
    setTheme(chosen);
  };
  return (
    <select class="theme" aria-label="Colours" value={theme} onChange={choose}>
      <option value="system">System</option>
      <option value="light">Light</option>
      <option value="dark">Dark</option>
    </select>
  );
}

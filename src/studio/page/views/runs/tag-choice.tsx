/** Chooses the settings that are shown with each run. */
interface Props {
  readonly choices: { readonly differing: readonly string[]; readonly equal: readonly string[] };
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

export function TagChoice({ choices, chosen, onChange }: Props) {
  const toggle = (path: string): void =>
    onChange(chosen.includes(path) ? chosen.filter((one) => one !== path) : [...chosen, path]);
  const list = (title: string, paths: readonly string[]) =>
    paths.length > 0 && (
      <fieldset>
        <legend>{title}</legend>
        {paths.map((path) => (
          <label key={path}>
            <input type="checkbox" checked={chosen.includes(path)} onChange={() => toggle(path)} />
            {path}
          </label>
        ))}
      </fieldset>
    );
  return (
    <details class="menu">
      <summary>Tags{chosen.length > 0 && ` (${chosen.length})`}</summary>
      <div class="menu-body">
        {list("The runs differ in", choices.differing)}
        {list("Equal in all runs", choices.equal)}
      </div>
    </details>
  );
}

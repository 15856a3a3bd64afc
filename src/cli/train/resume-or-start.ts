/**
 * `gantry train --resume-or-start`: one line for a scheduler, which repeats it until it ends with 0. Where the folder holds the
 * run of this recipe it is continued.
 */
import { existsSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { visible } from "../../base/visible.ts";
import { recipeChanges } from "../../experiments/index.ts";
import { trustFile } from "../../recipe/index.ts";
import { changeableKeys, openRun, type Run, RunDirectory, storedSettings, type Trainer } from "../../training/index.ts";

/** What the command line trains. */
export interface Wanted {
  readonly trainer: Trainer;
  /** The files of the recipe's own parts. */
  readonly modules: readonly string[];
  /** What `--set` and the like change. */
  readonly overrides: readonly string[];
}

/**
 * The run to continue; undefined where the folder holds none. Its length and what it writes may have changed since it began.
 *
 * @throws UserError when the run is of other settings than the command's.
 */
export async function runToResume(directory: string, wanted: Wanted): Promise<Run | undefined> {
  if (!new RunDirectory(directory).holdsRun()) return undefined;
  // The user has named them in this command, perhaps on another machine than the one on which the run began.
  for (const file of wanted.modules.filter((path) => existsSync(path))) trustFile(file);
  const stored = await openRun(directory);
  const before = changesOf(stored, wanted);
  if (before.length === 0) return stored;
  const isChangeable = (key: string): boolean => changeableKeys.includes(key.split(/[.=+-]/)[0]!);
  // Other settings are named before the length is looked at: too few steps are refused by themselves.
  refuseOther(
    directory,
    before.filter(({ key }) => !isChangeable(key)),
  );
  const changes = wanted.overrides.filter(isChangeable);
  const run = changes.length === 0 ? stored : await openRun(directory, changes);
  refuseOther(directory, changesOf(run, wanted));
  return run;
}

const changesOf = (run: Run, { trainer }: Wanted) =>
  recipeChanges(storedSettings(run.trainer), storedSettings(trainer));

function refuseOther(directory: string, changes: ReturnType<typeof changesOf>): void {
  if (changes.length === 0) return;
  const texts = changes.map(({ key, before, after }) =>
    visible(`its \`${key}\` is ${before}, this command's is ${after}`),
  );
  throw new UserError(
    `--out ${directory} holds a run of other settings: ${texts.join("; ")}; give another --out, or the settings that it began with`,
  );
}

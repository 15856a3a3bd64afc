/** What `gantry export` can write: one line for each target. */
import type { RunDirectory } from "../training/index.ts";
import { exportCsv } from "./csv.ts";
import { exportTensorBoard } from "./tensorboard.ts";

/** A form that a run can be written in. */
export interface ExportTarget {
  /** What it is, for help texts. */
  readonly summary: string;
  /** Writes it into a folder, and returns the paths of the files. */
  write(run: RunDirectory, folder: string): readonly string[] | Promise<readonly string[]>;
}

/** By the names that `--to` takes. Files go into the folder of that name in the run, unless the user names another. */
export const exportTargets: Readonly<Record<string, ExportTarget>> = {
  tensorboard: { summary: "an event file for TensorBoard", write: (...to) => [exportTensorBoard(...to)] },
  csv: { summary: "tables of comma-separated values", write: exportCsv },
};

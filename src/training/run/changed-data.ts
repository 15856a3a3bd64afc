/** Whether the data of a run are still those that it was trained on, by the SHA-256 of all that training sees. */
import type { Dataset } from "../../data/index.ts";
import type { RunDescription } from "./run-directory.ts";

/**
 * Says in words that a run's data are other ones now. Undefined where they are as they were, and where the run did not
 * store what they were.
 */
export function changedData(
  run: string,
  before: Pick<NonNullable<RunDescription["data"]>, "contents"> | undefined,
  { name, contents }: Pick<Dataset, "name" | "contents">,
): string | undefined {
  if (before?.contents === undefined || before.contents === contents) return undefined;
  return `the images of ${name}, or how they are prepared, are not as they were when ${run} was trained`;
}

/** Which files may be label files, by their names. */
import { endingOf } from "../image-format.ts";

/** The endings of label files. */
export const tableEndings = [".csv", ".tsv", ".json", ".jsonl", ".ndjson"] as const;

/** Whether a file may be a label file, by its name. */
export const namedLikeTable = (path: string): boolean => (tableEndings as readonly string[]).includes(endingOf(path));

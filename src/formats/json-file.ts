/** Reads JSON files that Gantry wrote and checks them with a schema. */
import type { z } from "zod";
import { UserError } from "../base/errors.ts";
import { readBytes } from "./atomic.ts";
import { oneLine } from "./one-line.ts";

/**
 * The contents of a JSON file, checked.
 *
 * @throws UserError naming the file, and the key where one does not fit, when it cannot be read, is no JSON, or is not
 * what the schema says.
 *
 * @example
 * const { step } = readJsonFile("checkpoints/step-000500/state.json", z.object({ step: z.int() }));
 */
export function readJsonFile<S extends z.ZodType>(
  path: string,
  schema: S,
  check?: (path: string, value: Record<string, unknown>) => void,
): z.output<S> {
  let json: unknown;
  try {
    json = JSON.parse(readBytes(path).toString());
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserError(`${path} is not JSON: ${oneLine(error.message)}`);
    throw error;
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) {
    check?.(path, json as Record<string, unknown>);
    return parsed.data;
  }
  const issue = parsed.error.issues[0]!;
  throw new UserError(`${path}: \`${issue.path.join(".")}\`: ${issue.message}`);
}

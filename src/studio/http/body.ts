/** The body of a request: JSON of a few kilobytes, checked by a schema. */
import type { IncomingMessage } from "node:http";
import type { z } from "zod";

const LARGEST_BODY = 16 << 10;

/** A request that cannot be answered: the status and the reason in one sentence. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * The JSON of a request.
 * @throws RequestError when it is too large, no JSON, or not what the schema says.
 */
export async function readBody<S extends z.ZodType>(request: IncomingMessage, schema: S): Promise<z.output<S>> {
  const tooLarge = new RequestError(413, `the body has more than ${LARGEST_BODY} bytes`);
  if (request.headers["content-type"]?.split(";")[0] !== "application/json") {
    throw new RequestError(415, "the body must be JSON (Content-Type: application/json)");
  }
  if (Number(request.headers["content-length"] ?? 0) > LARGEST_BODY) throw tooLarge;
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    length += (part as Buffer).length;
    if (length > LARGEST_BODY) throw tooLarge;
    parts.push(part as Buffer);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    throw new RequestError(400, "the body is not JSON");
  }
  return parsed(schema, value);
}

/**
 * A value that a schema takes.
 * @throws RequestError naming the key that does not fit.
 */
export function parsed<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new RequestError(400, `\`${issue.path.join(".")}\`: ${issue.message}`);
}

/** An address of the API, and what its answer is made of. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { EngineProcess } from "../engine/engine-process.ts";
import type { BlindTests } from "../rating/blind-tests.ts";
import type { FollowedRun } from "../runs/followed-run.ts";
import type { Library } from "../runs/library.ts";
import { RequestError } from "./body.ts";
import type { Streams } from "./stream.ts";

/** What an answer is made of. */
export interface Studio {
  readonly library: Library;
  readonly engine: EngineProcess;
  readonly streams: Streams;
  readonly tests: BlindTests;
  /** How `gantry` is called here. */
  readonly program: string;
}

/** A request that has passed all checks. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly allowed: boolean;
}

/** An address of the API. `token` where it changes or computes something. */
export interface Route {
  readonly method: "GET" | "POST";
  readonly token?: boolean;
  answer(studio: Studio, asked: Asked): Promise<void> | void;
}

/**
 * The run that a request names.
 * @throws RequestError when the folder has no such run.
 */
export async function runOf(library: Library, id: string | null): Promise<FollowedRun> {
  const run = id === null ? undefined : await library.run(id);
  if (run === undefined) throw new RequestError(404, "there is no such run in the studio's folder");
  return run;
}

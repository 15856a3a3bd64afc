/** Requests to the studio's server. */
import type { Refusal } from "../../api.ts";
import { token } from "./token.ts";

/** The reason of a refusal, in the server's words. */
export class RequestFailure extends Error {}

async function answerOf<T>(request: Promise<Response>): Promise<T> {
  let response: Response;
  try {
    response = await request;
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new RequestFailure("The studio does not answer. It may have ended.");
  }
  const value: unknown = await response.json().catch(() => ({}));
  if (!response.ok)
    throw new RequestFailure((value as Partial<Refusal>).error ?? `The studio answered ${response.status}.`);
  return value as T;
}

/** Parameters of an address by name; a list is one that is given several times. */
type Parameters = Readonly<Record<string, string | number | readonly string[]>>;

/** An address of the API with its parameters. Those of images and of the stream carry the token: they have no headers. */
export function addressOf(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams(
    Object.entries(parameters).flatMap(([key, value]) => [value].flat().map((one) => [key, String(one)])),
  );
  if (token() !== "") query.set("token", token());
  return `./api/${path}?${query}`;
}

/** Reads from the server. */
export function read<T>(path: string, parameters?: Parameters, signal?: AbortSignal): Promise<T> {
  return answerOf(fetch(addressOf(path, parameters), signal === undefined ? {} : { signal }));
}

/** Asks the server to change or compute something. */
export function ask<T>(path: string, body: object, signal?: AbortSignal): Promise<T> {
  return answerOf(
    fetch(`./api/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "x-gantry-token": token() },
      body: JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    }),
  );
}

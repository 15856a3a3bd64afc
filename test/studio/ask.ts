/** Requests to a studio as they are sent by hand: any path, any header, and very many at once. */
import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { onTestFinished } from "vitest";

/** What a studio answered. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A request whose path is sent as it is. */
export function ask(
  port: number,
  path: string,
  {
    headers = {},
    method = "GET",
    body,
  }: { headers?: Record<string, string>; method?: string; body?: string | Buffer } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // A connection of its own: one that is kept can be closed by the studio at the moment when it is used again.
    const sent = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** A request with JSON. */
export const post = (port: number, path: string, body: unknown, headers: Record<string, string> = {}) =>
  ask(port, path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });

/** 1,000 connections, half of them silent and half of them with half a request, until the studio has closed all. */
export async function flood(port: number): Promise<void> {
  const sockets = Array.from({ length: 1_000 }, (_, i) => {
    const socket = connect(port, "127.0.0.1", () => {
      if (i % 2 === 0) socket.write("GET / HTTP/1.1\r\nHost:");
    });
    socket.on("error", () => undefined);
    return socket;
  });
  onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
  await Promise.all(sockets.map((socket) => new Promise((closed) => socket.on("close", closed).resume())));
}

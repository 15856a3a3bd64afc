/** Server-sent events: the changes of the runs, to every page that is open. */
import type { ServerResponse } from "node:http";
import type { Library } from "../runs/library.ts";
import { RequestError } from "./body.ts";
import { headersOf } from "./respond.ts";

const MOST_STREAMS = 32;
/** Milliseconds between two signs of life, which keep proxies from closing the connection. */
const HEARTBEAT = 15_000;
/** A page that does not read loses its stream at this many bytes; it connects again by itself. */
const MOST_WAITING = 4 << 20;

/** The open streams. */
export class Streams {
  readonly #library: Library;
  readonly #open = new Set<ServerResponse>();
  /** When the last one was closed, by `performance.now()`. */
  lastClosed: number | undefined;

  constructor(library: Library) {
    this.#library = library;
  }

  get count(): number {
    return this.#open.size;
  }

  /** @throws RequestError when there are too many. */
  add(response: ServerResponse): void {
    if (this.#open.size >= MOST_STREAMS)
      throw new RequestError(503, `${MOST_STREAMS} pages are open already; close one`);
    response.writeHead(200, headersOf("text/event-stream"));
    const send = (text: string): void => {
      if (response.writableLength > MOST_WAITING) response.destroy();
      else response.write(text);
    };
    send("retry: 2000\n\n");
    const quiet = setInterval(() => send(": still here\n\n"), HEARTBEAT);
    const ignore = this.#library.listen((changes) => send(`data: ${JSON.stringify(changes)}\n\n`));
    this.#open.add(response);
    response.on("close", () => {
      clearInterval(quiet);
      ignore();
      this.#open.delete(response);
      this.lastClosed = performance.now();
    });
  }

  close(): void {
    for (const response of this.#open) response.destroy();
  }
}

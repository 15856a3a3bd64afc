/**
 * `gantry studio`: a web server that shows the runs of a folder. It reads what training has written, so a run need not
 * know of it, and it shows runs of other processes as well as old ones.
 */
import { randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { hostname, networkInterfaces } from "node:os";
import { UserError } from "../base/errors.ts";
import { EngineProcess } from "./engine/engine-process.ts";
import { type Access, foreign, hasToken, withoutToken } from "./http/access.ts";
import { RequestError } from "./http/body.ts";
import { builtPage, type PageFile, readPage } from "./http/page.ts";
import { refuse, sendBytes } from "./http/respond.ts";
import type { Studio } from "./http/route.ts";
import { routes } from "./http/routes.ts";
import { Streams } from "./http/stream.ts";
import { BlindTests } from "./rating/blind-tests.ts";
import { Library } from "./runs/library.ts";

/** The port that is tried first. */
export const PORT = 7077;
/** Ports that are tried, one after the other, where the user names none. */
const TRIED = 20;
const LONGEST_ADDRESS = 4_096;

/** What {@link serveStudio} takes. */
export interface StudioOptions {
  /** The folder whose runs are shown. */
  readonly folder: string;
  /** Default: the first free one from {@link PORT} on. 0 takes any free one. */
  readonly port?: number | undefined;
  /** The address to listen on; default 127.0.0.1. With another one, reading needs the token too. */
  readonly host?: string | undefined;
  /** How `gantry` is called, for commands to copy. */
  readonly program?: string | undefined;
  /** The folder of the built page. */
  readonly page?: string | undefined;
}

/** A studio that runs. */
export interface RunningStudio {
  /** The address with the token. */
  readonly address: string;
  /** Whether other machines can reach it. */
  readonly exposed: boolean;
  /** Pages that are open. */
  pages(): number;
  /** Whether a page has ever been open. */
  hadPages(): boolean;
  /** Milliseconds since the last page was closed. */
  idle(): number;
  close(): Promise<void>;
}

/**
 * Starts a studio.
 *
 * @throws UserError when the folder is none, the page is not built, or the port cannot be had.
 *
 * @example
 * const studio = await serveStudio({ folder: "runs" });
 * console.log(studio.address); // http://127.0.0.1:7077/#token=...
 */
export async function serveStudio(options: StudioOptions): Promise<RunningStudio> {
  const { folder, host = "127.0.0.1", program = "gantry" } = options;
  if (!existsSync(folder)) throw new UserError(`${folder} does not exist; give a folder with runs`);
  if (!statSync(folder).isDirectory()) throw new UserError(`${folder} is a file; give a folder with runs`);
  const files = readPage(options.page ?? builtPage());
  const library = new Library(folder);
  const engine = new EngineProcess();
  const streams = new Streams(library);
  const token = randomBytes(18).toString("base64url");
  const exposed = !["127.0.0.1", "localhost", "::1"].includes(host);
  const hosts = new Set<string>();
  const access: Access = { token, hosts, closed: exposed };
  const studio: Studio = { library, engine, streams, tests: new BlindTests(), program };
  const server = createServer(
    // A client that sends slowly, or nothing, is disconnected.
    { headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000, keepAliveTimeout: 5_000 },
    (request, response) => void handle({ access, files, studio }, request, response),
  );
  server.maxConnections = 256;
  server.on("clientError", (_, socket) => socket.destroy());
  const port = await listen(server, host, options.port);
  for (const name of namesOf(host)) hosts.add(`${name.includes(":") ? `[${name}]` : name}:${port}`.toLowerCase());
  const shown = host === "0.0.0.0" || host === "::" ? hostname() : host;
  return {
    address: `http://${shown.includes(":") ? `[${shown}]` : shown}:${port}/#token=${token}`,
    exposed,
    pages: () => streams.count,
    hadPages: () => streams.lastClosed !== undefined || streams.count > 0,
    idle: () => performance.now() - (streams.lastClosed ?? 0),
    close: async () => {
      streams.close();
      engine.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What every request needs. */
interface Parts {
  readonly access: Access;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly studio: Studio;
}

async function handle(
  { access, files, studio }: Parts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on("error", () => undefined);
  try {
    const address = request.url ?? "/";
    if (address.length > LONGEST_ADDRESS) return refuse(response, 414, "the address is too long");
    const [path = "/", search = ""] = address.split(/\?(.*)/s, 2);
    const file = files.get(path);
    const stranger = foreign(request, access, file !== undefined);
    if (stranger !== undefined) return refuse(response, stranger.status, stranger.error);
    if (file !== undefined) {
      if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, 405, "this can only be read");
      return sendBytes(response, file.bytes, file.type, file.cache);
    }
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (route === undefined) return refuse(response, 404, "there is nothing at this address");
    if (request.method !== route.method) return refuse(response, 405, `this takes ${route.method} only`);
    const query = new URLSearchParams(search);
    const allowed = hasToken(request, query, access);
    if (!allowed && (route.token || access.closed)) return refuse(response, withoutToken.status, withoutToken.error);
    await route.answer(studio, { request, response, query, allowed });
  } catch (error) {
    if (error instanceof RequestError) refuse(response, error.status, error.message);
    else if (error instanceof UserError) refuse(response, 400, error.message);
    else {
      process.stderr.write(`gantry studio: ${(error as Error).stack ?? String(error)}\n`);
      refuse(response, 500, "the studio failed at this request; its terminal says why");
    }
  }
}

/** Listens on a port, and gives it. */
async function listen(server: Server, host: string, wanted: number | undefined): Promise<number> {
  const ports = wanted === undefined ? Array.from({ length: TRIED }, (_, i) => PORT + i) : [wanted];
  for (const port of ports) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => {
          server.off("error", reject);
          resolve();
        });
      });
      return (server.address() as { port: number }).port;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && port !== ports.at(-1)) continue;
      throw listenError(code, host, port, wanted);
    }
  }
  throw new UserError("no port was tried");
}

function listenError(code: string | undefined, host: string, port: number, wanted: number | undefined): UserError {
  if (code === "EADDRINUSE") {
    const ports = wanted === undefined ? `all ports from ${PORT} to ${port} are` : `port ${port} is`;
    return new UserError(`--port: ${ports} in use; give another one`);
  }
  if (code === "EACCES") return new UserError(`--port (=${port}): this user may not listen there; give one above 1023`);
  return new UserError(`--host (=${host}): this machine cannot listen there (${code}); give one of its own addresses`);
}

/** The names by which a page may reach the studio. */
function namesOf(host: string): string[] {
  const own = ["127.0.0.1", "localhost", "::1"];
  if (host !== "0.0.0.0" && host !== "::") return [...own, host];
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  return [...own, hostname(), ...addresses];
}

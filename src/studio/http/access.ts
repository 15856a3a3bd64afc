/**
 * Who may ask for what. The studio is a web server on a machine where a browser also shows pages of strangers, so a request
 * must prove that it comes from the studio's own page:
 *
 * - Host names the studio. A page of a stranger whose name was made to lead here (DNS rebinding) sends its own name.
 * - Origin, where a browser sends one, is the studio's, and Sec-Fetch-Site is not another site's.
 * - What changes or computes something needs the token of the address. With `--host` everything but the empty page does.
 */
import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** What a studio answers to. */
export interface Access {
  readonly token: string;
  /** The values of Host that name it, in small letters. */
  readonly hosts: ReadonlySet<string>;
  /** Whether reading needs the token too. */
  readonly closed: boolean;
}

/** A request that is refused: the status and the reason. */
export interface Refused {
  readonly status: number;
  readonly error: string;
}

/** Why a request is refused whatever it asks for; undefined when it comes from the studio's page or from no page. */
export function foreign({ headers }: IncomingMessage, { hosts }: Access, isPage: boolean): Refused | undefined {
  const host = headers.host?.toLowerCase();
  if (host === undefined || !hosts.has(host)) {
    return { status: 421, error: "this address is not the studio's: open the one that `gantry studio` printed" };
  }
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  // A link on another site may lead to the page, which then asks by itself.
  const followed = isPage && headers["sec-fetch-mode"] === "navigate" && origin === undefined;
  const isForeign = site !== undefined && site !== "same-origin" && site !== "none" && !followed;
  if (isForeign || (origin !== undefined && origin.toLowerCase() !== `http://${host}`)) {
    return { status: 403, error: "the request comes from another site, and the studio answers only its own page" };
  }
  return undefined;
}

/** Whether a request has the token: in the header `x-gantry-token`, or as `token` in its address. */
export function hasToken({ headers }: IncomingMessage, query: URLSearchParams, { token }: Access): boolean {
  const given = headers["x-gantry-token"] ?? query.get("token");
  if (typeof given !== "string") return false;
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The refusal of a request without the token. */
export const withoutToken: Refused = {
  status: 401,
  error: "the address has no token, or an old one: open the address that `gantry studio` printed last",
};

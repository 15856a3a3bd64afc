/** Answers: their headers, JSON, bytes, and refusals in one sentence. */
import type { ServerResponse } from "node:http";
import type { Refusal } from "../api.ts";

/**
 * Sent with every answer. The page may load scripts, styles and images from the studio only, nothing may show the page in a frame,
 * and no other site may read an answer.
 */
const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
};

/** Headers of an answer of this type. Answers of the API are never stored. */
export function headersOf(type: string, cache = "no-store"): Record<string, string> {
  return { ...HEADERS, "Content-Type": type, "Cache-Control": cache };
}

/** Answers with bytes. */
export function sendBytes(response: ServerResponse, bytes: Buffer, type: string, cache?: string): void {
  response.writeHead(200, { ...headersOf(type, cache), "Content-Length": bytes.length });
  response.end(bytes);
}

/** Answers with JSON. Numbers that are not finite are null. */
export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  const bytes = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { ...headersOf("application/json"), "Content-Length": bytes.length });
  response.end(bytes);
}

/** Refuses. The connection is closed, so that what is left of a large body is not read. */
export function refuse(response: ServerResponse, status: number, error: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const refusal: Refusal = { error };
  response.setHeader("Connection", "close");
  sendJson(response, refusal, status);
}

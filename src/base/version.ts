/** The version of Gantry. */
import { readFileSync } from "node:fs";

/**
 * Gantry's version, from its package.
 *
 * @example
 * gantryVersion(); // "0.1.0"
 */
export function gantryVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

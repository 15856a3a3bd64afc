/** Seeds of named random streams. */
import { createHash } from "node:crypto";

/** The seed of a named stream: 52 bits of SHA-256("<seed>/<name>"), of which a CPU's generator takes the lowest 32. */
export function seedOf(seed: number, name: string): number {
  return Number.parseInt(createHash("sha256").update(`${seed}/${name}`).digest("hex").slice(0, 13), 16);
}

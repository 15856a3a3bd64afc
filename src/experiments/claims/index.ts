/** The claims by name, with their published verdicts. */
import type { Claim } from "../claim.ts";
import * as registry from "./registry.ts";

export { published } from "./published.ts";

/** By paper and section, then by name. */
const inOrder = (a: Claim, b: Claim): number =>
  a.source.localeCompare(b.source, "en") || a.name.localeCompare(b.name, "en", { numeric: true });

/** Every claim, by its name. */
export const claims: Readonly<Record<string, Claim>> = Object.fromEntries(
  Object.values(registry)
    .sort(inOrder)
    .map((claim) => [claim.name, claim]),
);

/** The non-saturating loss (Goodfellow et al. 2014, section 3): G maximises log D instead. */
import { z } from "zod";
import { crossEntropyLoss } from "./cross-entropy.ts";
import { defineLoss } from "./loss.ts";

/**
 *     D: -log D(x) - log(1 - D(G(z)))
 *     G: -log D(G(z))
 *
 * G's gradient is largest where D is surest. Takes targets (label smoothing).
 *
 * @example
 * const loss = nonSaturating().build();
 */
export const nonSaturating = defineLoss("nonSaturating", z.strictObject({}), () =>
  crossEntropyLoss("nonSaturating", (fake) => fake.neg().softplus()),
);

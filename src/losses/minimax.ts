/** The minimax loss (Goodfellow et al. 2014, equation 1): one value that D maximises and G minimises. */
import { z } from "zod";
import { crossEntropyLoss } from "./cross-entropy.ts";
import { defineLoss } from "./loss.ts";

/**
 *     D: -log D(x) - log(1 - D(G(z)))
 *     G: log(1 - D(G(z)))
 *
 * G's gradient vanishes where D is sure: use this loss to study that. Takes targets (label smoothing).
 *
 * @example
 * const loss = minimax().build();
 */
export const minimax = defineLoss("minimax", z.strictObject({}), () =>
  crossEntropyLoss("minimax", (fake) => fake.softplus().neg()),
);

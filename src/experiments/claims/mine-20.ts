/** MINE's estimates in 20 dimensions. */
import { defineClaim } from "../claim.ts";
import { mineClaim } from "./information.ts";

export const mine20 = defineClaim(mineClaim(20));

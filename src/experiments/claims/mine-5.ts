/** MINE's estimates in 5 dimensions. */
import { defineClaim } from "../claim.ts";
import { mineClaim } from "./information.ts";

export const mine5 = defineClaim(mineClaim(5));

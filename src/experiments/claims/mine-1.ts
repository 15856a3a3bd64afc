/** MINE's estimates in 1 dimension. */
import { defineClaim } from "../claim.ts";
import { mineClaim } from "./information.ts";

export const mine1 = defineClaim(mineClaim(1));

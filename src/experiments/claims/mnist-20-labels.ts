/** MNIST with 20 labels. */
import { defineClaim } from "../claim.ts";
import { fewLabels } from "./few-labels.ts";

export const mnist20Labels = defineClaim(fewLabels(20, 1677, 452, "semi-10-epochs"));

/** MNIST with 100 labels. */
import { defineClaim } from "../claim.ts";
import { fewLabels } from "./few-labels.ts";

export const mnist100Labels = defineClaim(fewLabels(100, 93, 6.5, "semi"));

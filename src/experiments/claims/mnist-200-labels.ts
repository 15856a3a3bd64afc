/** MNIST with 200 labels. */
import { defineClaim } from "../claim.ts";
import { fewLabels } from "./few-labels.ts";

export const mnist200Labels = defineClaim(fewLabels(200, 90, 4.2, "semi-10-epochs"));

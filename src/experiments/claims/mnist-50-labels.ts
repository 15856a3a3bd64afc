/** MNIST with 50 labels. */
import { defineClaim } from "../claim.ts";
import { fewLabels } from "./few-labels.ts";

export const mnist50Labels = defineClaim(fewLabels(50, 221, 136, "semi-10-epochs"));

/** The data of a run that was not trained here: it has one checkpoint and no history. */
import type { DataLoader } from "../../data/index.ts";

export const noData: DataLoader = {
  epoch: 0,
  next: () => {
    throw new Error("this run has no data");
  },
  state: () => ({ tensors: new Map(), numbers: {} }),
  load: () => {},
};

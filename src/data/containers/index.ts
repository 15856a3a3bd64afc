/** The containers that `imageFolder` recognises. Those that are published datasets are in `../sets/`. */
import "./hdf5.ts";
import "./parquet.ts";
import "./webdataset.ts";

export { type Layout, layoutOf } from "./array-form.ts";
export { type Scale, scaleOf } from "./arrays.ts";
export { containerAt, openContainer } from "./container.ts";
export { npzHasSplits } from "./numpy.ts";

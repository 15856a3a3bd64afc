/** The examples of the other pages work as they are written: reference, explanation, models, losses, scores, results. */
import { describeRuns } from "./run-page.ts";

describeRuns(
  "other pages",
  (path) => path.split("/").length > 2 && !/^docs\/(tutorials|how-to|techniques)\//.test(path),
);

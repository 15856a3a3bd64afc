/** The examples on the pages of the techniques work as they are written. */
import { describeRuns } from "./run-page.ts";

describeRuns("techniques", (path) => path.startsWith("docs/techniques/"));

/** The how-to pages work as they are written. */
import { describeRuns } from "./run-page.ts";

describeRuns("how-to", (path) => path.startsWith("docs/how-to/"));

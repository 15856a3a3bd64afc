/** The tutorials, the home page and the README work as they are written. */
import { describeRuns } from "./run-page.ts";

describeRuns("tutorials", (path) => /^docs\/tutorials\/|^[^/]+$|^docs\/[^/]+$/.test(path));

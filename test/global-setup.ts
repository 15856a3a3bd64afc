/** Before the first test: the binding is compiled if its sources changed, so that no test's time limit pays for it. */
import { ensureBinding } from "../scripts/setup/index.js";

export default function setup(): void {
  ensureBinding();
}

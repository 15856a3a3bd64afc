/** `npm test`: sets up whatever is missing, then runs the tests. Arguments after `--` go to vitest. */
import "./setup/node-version.js";
import { prepare, projectRoot } from "./setup/prepare.js";
import { runChild } from "./setup/run-child.js";
import { main } from "./setup/say.js";

await main(async () => {
  prepare();
  await runChild(["node_modules/vitest/vitest.mjs", "run", ...process.argv.slice(2)], { cwd: projectRoot });
});

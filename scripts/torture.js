/** `npm run torture`: sets up whatever is missing, then runs the torture. Arguments after `--` go to test/torture/run.ts. */
import "./setup/node-version.js";
import { prepare, projectRoot } from "./setup/prepare.js";
import { runChild } from "./setup/run-child.js";
import { main } from "./setup/say.js";

await main(async () => {
  prepare();
  await runChild(["node_modules/jiti/lib/jiti-cli.mjs", "test/torture/run.ts", ...process.argv.slice(2)], {
    cwd: projectRoot,
  });
});

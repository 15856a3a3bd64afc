/** `npm run gpu`: sets up whatever is missing, then checks and measures a GPU (bench/gpu.ts). Arguments after `--` go there. */
import "./setup/node-version.js";
import { prepare, projectRoot } from "./setup/prepare.js";
import { runChild } from "./setup/run-child.js";
import { main } from "./setup/say.js";

await main(async () => {
  prepare();
  await runChild(["node_modules/jiti/lib/jiti-cli.mjs", "bench/gpu.ts", ...process.argv.slice(2)], {
    cwd: projectRoot,
  });
});

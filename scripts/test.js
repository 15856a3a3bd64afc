/** `npm test`: sets up whatever is missing, then runs the tests. Arguments after `--` go to vitest. */
import "./setup/node-version.js";
import { ensureBrowser } from "./setup/browser.js";
import { thisHost } from "./setup/host.js";
import { prepare, projectRoot } from "./setup/prepare.js";
import { runChild } from "./setup/run-child.js";
import { main } from "./setup/say.js";

await main(async () => {
  prepare();
  const args = process.argv.slice(2);
  const named = args.filter((arg) => !arg.startsWith("-"));
  if (named.length === 0 || named.some((name) => name.includes("studio"))) ensureBrowser(thisHost());
  await runChild(["node_modules/vitest/vitest.mjs", "run", ...args], { cwd: projectRoot });
});

/** `npm start`: sets up whatever is missing, then trains the quickstart recipe and shows it in the browser. Arguments after `--` are passed on. */
import "./setup/node-version.js";
import { prepare, projectRoot } from "./setup/prepare.js";
import { runChild } from "./setup/run-child.js";
import { main } from "./setup/say.js";

await main(async () => {
  prepare();
  await runChild(["bin/gantry.js", "train", "mnist", "--studio", ...process.argv.slice(2)], { cwd: projectRoot });
});

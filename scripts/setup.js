/** `node scripts/setup.js`: the set-up alone. Prints the engine as JSON on stdout; `--clone` leaves out libtorch and the binding. */
import "./setup/node-version.js";
import { prepare, prepareClone } from "./setup/prepare.js";
import { main } from "./setup/say.js";

await main(() => {
  if (process.argv.includes("--clone")) return prepareClone();
  const { path, engine } = prepare();
  process.stdout.write(`${JSON.stringify({ binding: path, engine })}\n`);
});

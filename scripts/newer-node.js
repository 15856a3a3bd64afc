/**
 * `node scripts/newer-node.js`: installs Node 24 into the cache, if it is not there, and prints the folder of its program.
 * CI puts that folder first on PATH for one of its two runs of the tests. The npm package holds nothing but Node's own binary for
 * one platform.
 */
import "./setup/node-version.js";
import { join } from "node:path";
import { cachedPackage } from "./setup/cached-package.js";
import { main } from "./setup/say.js";

await main(() => {
  const folder = cachedPackage(`node-${process.platform}-${process.arch}`, "24.22.1", "node");
  process.stdout.write(`${join(folder, "bin")}\n`);
});

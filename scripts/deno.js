/**
 * `node scripts/deno.js`: installs Deno into the cache, if it is not there, and prints the path of its program. The test of the
 * example notebook runs it. The npm package holds nothing but the program for one platform.
 */
import "./setup/node-version.js";
import { join } from "node:path";
import { cachedPackage } from "./setup/cached-package.js";
import { main } from "./setup/say.js";

await main(() => {
  const libc = process.platform === "linux" ? "-glibc" : "";
  const folder = cachedPackage(`@deno/${process.platform}-${process.arch}${libc}`, "2.9.6", "deno");
  process.stdout.write(`${join(folder, "deno")}\n`);
});

